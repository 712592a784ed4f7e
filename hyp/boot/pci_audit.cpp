// SPDX-License-Identifier: Apache-2.0
#include "hyp/boot/pci_audit.hpp"

#include "base/bits.hpp"
#include "hyp/boot/boot_map.hpp"
#include "hyp/fdt/address.hpp"
#include "hyp/fdt/lookup.hpp"
#include "hyp/host/host_mmio.hpp"
#include "hyp/log/log.hpp"
#include "hyp/log/panic.hpp"

namespace redoubt::hyp {
namespace {

constexpr unsigned kFunctions = 256;  // of a bus: 32 devices with 8 functions each
constexpr std::uint64_t kBusBytes = kFunctions * kPageSize;

// Configuration space of one function (PCI Local Bus 3.0, 6.1 and 6.7).
class Function {
 public:
  explicit Function(std::uint64_t va) noexcept : va_(va) {}

  [[nodiscard]] auto read8(unsigned at) const noexcept -> std::uint8_t { return access<std::uint8_t>(at); }
  [[nodiscard]] auto read16(unsigned at) const noexcept -> std::uint16_t { return access<std::uint16_t>(at); }
  [[nodiscard]] auto read32(unsigned at) const noexcept -> std::uint32_t { return access<std::uint32_t>(at); }
  void write8(unsigned at, std::uint8_t value) const noexcept { access<std::uint8_t>(at) = value; }
  void write16(unsigned at, std::uint16_t value) const noexcept { access<std::uint16_t>(at) = value; }
  void write32(unsigned at, std::uint32_t value) const noexcept { access<std::uint32_t>(at) = value; }

  [[nodiscard]] auto vendor() const noexcept -> std::uint16_t { return read16(0); }
  [[nodiscard]] auto is_bridge() const noexcept -> bool { return (read8(0x0e) & 0x7f) != 0; }
  // No memory, no ports, no bus mastering; a bridge forwards nothing and answers for no bus.
  void switch_off() const noexcept {
    write16(0x04, 0);
    if (is_bridge()) write32(0x18, 0);
  }

  // Offset of the capability after `after` (0: the first); 0 if there is none. A list that goes in circles ends.
  [[nodiscard]] auto next_capability(unsigned after) const noexcept -> unsigned {
    if (after == 0 && (read16(0x06) & 0x10) == 0) return 0;
    return read8(after == 0 ? 0x34 : after + 1) & 0xfc;
  }

 private:
  template <class T>
  [[nodiscard]] auto access(unsigned at) const noexcept -> volatile T& {
    return *reinterpret_cast<volatile T*>(va_ + at);
  }
  std::uint64_t va_;
};

// virtio 1.2, 4.1.4: what a vendor capability points to, and the window through which configuration space reaches a BAR.
constexpr std::uint16_t kVirtioVendor = 0x1af4;
constexpr std::uint8_t kVendorCapability = 0x09;
constexpr std::uint8_t kCommonConfiguration = 1;
constexpr std::uint8_t kConfigurationAccess = 5;
constexpr unsigned kMaxCapabilities = 48;  // what fits into 192 bytes
constexpr std::uint32_t kAccessPlatform = 1 << (33 - 32);
constexpr std::uint32_t kFeatureSelect = 0, kFeatures = 4;  // in the common configuration

// Offset of the virtio capability of a type; 0 if there is none.
auto virtio_capability(const Function& function, std::uint8_t type) noexcept -> unsigned {
  unsigned at = function.next_capability(0);
  for (unsigned seen = 0; at >= 0x40 && seen < kMaxCapabilities; ++seen, at = function.next_capability(at)) {
    if (function.read8(at) == kVendorCapability && function.read8(at + 3) == type) return at;
  }
  return 0;
}

// Features 32 to 63 that a modern virtio device offers; none for a legacy one.
auto high_features(const Function& function) noexcept -> std::uint32_t {
  const auto common = virtio_capability(function, kCommonConfiguration);
  const auto window = virtio_capability(function, kConfigurationAccess);
  if (common == 0 || window == 0) return 0;
  const auto place = [&](std::uint32_t offset) {
    function.write8(window + 4, function.read8(common + 4));
    function.write32(window + 8, function.read32(common + 8) + offset);
    function.write32(window + 12, 4);
  };
  place(kFeatureSelect);
  function.write32(window + 16, 1);
  place(kFeatures);
  const auto features = function.read32(window + 16);
  place(kFeatureSelect);
  function.write32(window + 16, 0);
  return features;
}

// Why the host must not see the function; nullptr if it may.
auto reason_against(const Function& function) noexcept -> const char* {
  if (function.is_bridge()) return "nobody looks at what is behind it";
  if (function.vendor() != kVirtioVendor) return nullptr;
  return (high_features(function) & kAccessPlatform) != 0 ? nullptr
                                                          : "its DMA goes past the SMMU (iommu_platform is off)";
}

void audit_bus(const fdt::PaRange& ecam, fdt::Windows& windows) noexcept {
  if (ecam.bytes() < kBusBytes) panic("the configuration space of a PCI bus is incomplete");
  // With the boot's other mappings at VA = PA it goes away before the host runs.
  boot_map(ecam.begin.value(), ecam.begin, kBusBytes, Use::DEVICE);
  for (unsigned n = 0; n < kFunctions; ++n) {
    const Pa page = ecam.begin + n * kPageSize;
    const Function function{page.value()};
    if (function.vendor() == 0xffff) continue;
    const auto* const reason = reason_against(function);
    if (reason == nullptr) continue;
    log("not given to the host: PCI function {}.{} ({}): {}", Hex{n >> 3}, n & 7, Hex{function.read32(0)}, reason);
    function.switch_off();
    hide_page(page);
    if (!windows.set.remove(fdt::PaRange{page, page + kPageSize})) panic("too many device windows");
  }
}

}  // namespace

void audit_pci(const fdt::Reader& reader, const fdt::Policy& policy, fdt::Windows& windows) noexcept {
  if (policy.dma == fdt::Dma::OPEN) return;
  for (fdt::Cursor cursor{reader}; cursor.next();) {
    if (!fdt::is_compatible(reader, cursor.node(), fdt::kPciHost) || !fdt::judge(cursor, policy).kept) continue;
    if (const auto ecam = fdt::reg_range(cursor, cursor.depth(), 0)) audit_bus(*ecam, windows);
  }
}

}  // namespace redoubt::hyp
