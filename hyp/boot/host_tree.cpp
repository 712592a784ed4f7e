// SPDX-License-Identifier: Apache-2.0
#include "hyp/boot/host_tree.hpp"

#include <cstring>

#include "abi/hypercall.h"
#include "hyp/boot/boot_options.hpp"
#include "hyp/boot/image.hpp"
#include "hyp/boot/pci_audit.hpp"
#include "hyp/cpu/entropy.hpp"
#include "hyp/cpu/machine_state.hpp"
#include "hyp/fdt/reservations.hpp"
#include "hyp/log/log.hpp"
#include "hyp/log/panic.hpp"

namespace redoubt::hyp {
namespace {

constexpr std::size_t kMaxInUse = 48;
constexpr std::size_t kTreeBytes = 128 * 1024;  // the largest tree that can be rewritten

constinit fdt::Policy policy{};
constinit fdt::Windows device_windows{};
constinit fdt::RemovedLog removed{};
constinit fdt::RangeSet<fdt::kMaxRamRanges + 3> host_ram{};
constinit std::array<fdt::PaRange, kMaxInUse> used{};

// Fills `used` from the beginning.
class Uses {
 public:
  void add(const fdt::PaRange& range) noexcept {
    if (count_ == kMaxInUse) panic("too many boot modules and reservations");
    used[count_++] = range;
  }
  [[nodiscard]] auto all() const noexcept -> std::span<const fdt::PaRange> { return std::span{used}.first(count_); }

 private:
  std::size_t count_ = 0;
};

alignas(8) constinit std::array<std::byte, kTreeBytes> scratch{};

}  // namespace

auto dma_policy(const fdt::PlatformInfo& info) noexcept -> fdt::Dma {
  return boot_option(info.chosen.bootargs, "redoubt.dma") == "open" ? fdt::Dma::OPEN : fdt::Dma::STRICT;
}

HostTree::HostTree(const fdt::Reader& reader, const fdt::PlatformInfo& info, fdt::PaRange dtb, const HostImage& host,
                   std::span<const std::uint32_t> smmus) noexcept
    : reader_(reader), info_(info), dtb_(dtb), host_(host) {
  policy.dma = dma_policy(info);
  policy.smmus = smmus;
  machine_for_boot().dma_policy = policy.dma == fdt::Dma::OPEN ? RD_DMA_OPEN : RD_DMA_STRICT;
  if (const auto found = fdt::mmio_windows(reader, policy, info, {}, device_windows); !found) {
    panic(fdt::describe(found.error()));
  }
  audit_pci(reader, policy, device_windows);
  fdt::list_removed(reader, policy, removed);
}

auto HostTree::in_use(Pa image_pa) noexcept -> std::span<const fdt::PaRange> {
  Uses uses;
  const auto payload_end = payload_record[2] + payload_record[3];
  const auto image_bytes = payload_end > machine().image_bytes ? payload_end : machine().image_bytes;
  uses.add(fdt::PaRange{image_pa, image_pa + image_bytes}.pages_touched());
  uses.add(dtb_.pages_touched());
  uses.add(host_.memory.pages_touched());
  if (info_.chosen.initrd) uses.add(info_.chosen.initrd->pages_touched());
  for (const auto& module : info_.chosen.modules) uses.add(module.range.pages_touched());
  for (const auto& reserved : info_.reserved) uses.add(reserved.range.pages_touched());
  return uses.all();
}

auto HostTree::filled(Pa image_pa, const fdt::PaRange& carve_out) noexcept -> std::span<const fdt::PaRange> {
  Uses uses;
  uses.add(fdt::PaRange{image_pa, image_pa + machine().image_bytes});
  uses.add(host_.file);
  uses.add(dtb_);
  if (info_.chosen.initrd) uses.add(*info_.chosen.initrd);
  for (const auto& module : info_.chosen.modules) uses.add(module.range);
  for (const auto& reserved : info_.reserved) {
    if (fdt::firmware_owns(info_, dtb_, reserved.range)) uses.add(reserved.range.pages_touched());
  }
  uses.add(carve_out);
  uses.add(marker_page());
  return uses.all();
}

auto HostTree::marker_page() const noexcept -> fdt::PaRange {
  const auto page = fdt::marker_page(info_, dtb_);
  if (!page) panic("firmware reserved all RAM");
  return *page;
}

auto HostTree::has_smmus() const noexcept -> bool { return !policy.smmus.empty(); }

auto HostTree::windows() noexcept -> fdt::Windows& { return device_windows; }

auto HostTree::boot_seed() const noexcept -> std::span<const std::byte> {
  const auto slice = info_.chosen.rng_seed;
  return {reinterpret_cast<const std::byte*>(dtb_.begin.value()) + slice.offset, slice.bytes};
}

auto HostTree::ram_bytes() const noexcept -> std::uint64_t {
  std::uint64_t bytes = 0;
  for (const auto& ram : info_.ram.ranges()) bytes += ram.bytes();
  return bytes;
}

void HostTree::announce_policy() const noexcept {
  for (const auto& entry : removed.entries) {
    log("not given to the host: {} x{} ({}): {}", entry.name, entry.count, entry.compatible,
        fdt::describe(entry.reason));
  }
  if (policy.dma == fdt::Dma::OPEN) {
    log("DMA policy: OPEN. Devices can read and write every guest's memory: nothing is protected from them");
  } else if (policy.smmus.empty()) {
    log("DMA policy: strict. Every device that can write memory was removed");
  } else {
    log("DMA policy: strict. Every device that can write memory was removed or does it through an SMMU of Redoubt's");
  }
}

auto HostTree::rewrite_for_host(const fdt::PaRange& image, const fdt::PaRange& carve_out) noexcept -> Pa {
  const auto marker = marker_page();
  for (const auto& ram : info_.ram.ranges()) {
    if (!host_ram.insert(ram)) panic("too many RAM ranges");
  }
  if (!host_ram.remove(image) || !host_ram.remove(carve_out) || !host_ram.remove(marker)) panic("too many RAM ranges");
  std::array<std::uint64_t, 9> fresh{};
  const bool seeded = random_words(fresh);
  if (!seeded) log("no source of entropy: the host gets no seed, guests get none until there is one");
  const auto bytes = std::as_bytes(std::span{fresh});
  const std::array<fdt::NodeProperty, 2> node{
      fdt::NodeProperty::of_u32("redoubt,abi-version", RD_ABI_VERSION),
      fdt::NodeProperty::of_text("redoubt,dma", policy.dma == fdt::Dma::OPEN ? "open" : "strict")};
  const fdt::HostEdits edits{.ram = host_ram.ranges(),
                             .rng_seed = seeded ? bytes.first(64) : fdt::Bytes{},
                             .kaslr_seed = seeded ? bytes.subspan(64, 8) : fdt::Bytes{},
                             .initrd = host_.initrd,
                             .bootargs = host_.bootargs.empty() ? std::nullopt : std::optional{host_.bootargs},
                             .node = node};
  const auto size = fdt::rewrite(reader_, info_, policy, edits, scratch);
  if (!size) panic(fdt::describe(size.error()));
  if (*size > dtb_.bytes()) panic("the edited device tree does not fit where the loader put it");
  auto* const blob = reinterpret_cast<std::byte*>(dtb_.begin.value());
  for (const auto& slice : {info_.chosen.rng_seed, info_.chosen.kaslr_seed}) {
    std::memset(blob + slice.offset, 0, slice.bytes);
  }
  std::memcpy(blob, scratch.data(), *size);
  scratch = {};
  return dtb_.begin;
}

}  // namespace redoubt::hyp
