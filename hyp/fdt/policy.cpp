// SPDX-License-Identifier: Apache-2.0
#include "hyp/fdt/policy.hpp"

#include <algorithm>

#include "abi/hypercall.h"
#include "hyp/fdt/address.hpp"
#include "hyp/fdt/lookup.hpp"

namespace redoubt::hyp::fdt {
namespace {

// Sets of names in the form of a `compatible` property: one array each, so that the image needs no relocations for them.

// Devices whose every register is known to hold no memory address and to start no transfer.
constexpr char kHarmless[] =
    "arm,pl011\0arm,sbsa-uart\0ns16550a\0snps,dw-apb-uart\0"
    "arm,pl031\0arm,pl061\0arm,sp804\0"
    "gpio-keys\0gpio-keys-polled\0gpio-leds\0gpio-poweroff\0gpio-restart\0"
    "arm,armv8-timer\0arm,armv7-timer\0"
    "arm,psci\0arm,psci-0.2\0arm,psci-1.0\0"
    "arm,armv8-pmuv3\0arm,cortex-a53-pmu\0arm,cortex-a57-pmu\0arm,cortex-a72-pmu\0arm,cortex-a76-pmu\0arm,neoverse-n1-"
    "pmu\0"
    "fixed-clock\0fixed-factor-clock\0regulator-fixed\0numa-distance-map-v1\0operating-points-v2\0cache";

// Says nothing about the device: PL330, PL080 and PL111 are primecells too and master the bus.
constexpr std::string_view kGeneric = "arm,primecell";

constexpr char kMasters[] =
    "qemu,fw-cfg-mmio\0virtio,mmio\0pci-host-ecam-generic\0pci-host-cam-generic\0qemu,platform\0"
    "arm,smmu-v3\0arm,pl330\0arm,pl080\0arm,pl081\0arm,pl111";

auto listed(std::span<const char> names, std::string_view name) noexcept -> bool {
  return list_has(std::as_bytes(names), name);
}

// What one node is by itself, wherever it is.
enum class Kind : std::uint8_t { HARMLESS, BUS, GIC, UNNAMED, SUBTREE, UNKNOWN, MASTER, ITS, FLASH, MODULE, REWRITTEN };

auto kind_of_compatible(Bytes compatible) noexcept -> Kind {
  if (compatible.empty() || compatible.back() != std::byte{0}) return Kind::UNKNOWN;
  bool all_harmless = true;
  bool any_harmless = false;
  bool master = false;
  Bytes rest = compatible;
  for (auto name = take_string(rest); name.data() != nullptr; name = take_string(rest)) {
    const bool harmless = listed(kHarmless, name);
    any_harmless = any_harmless || harmless;
    all_harmless = all_harmless && (harmless || name == kGeneric);
    master = master || listed(kMasters, name);
  }
  if (list_has(compatible, "arm,gic-v3-its")) return Kind::ITS;
  if (list_has(compatible, "multiboot,module")) return Kind::MODULE;
  if (list_has(compatible, "cfi-flash")) return Kind::FLASH;
  if (master) return Kind::MASTER;
  if (list_has(compatible, "arm,gic-v3")) return Kind::GIC;
  if (list_has(compatible, "simple-bus")) return Kind::BUS;
  return any_harmless && all_harmless ? Kind::HARMLESS : Kind::UNKNOWN;
}

auto kind_of(const Reader& reader, Node node, unsigned depth) noexcept -> Kind {
  if (depth == 1) {
    const std::string_view name = reader.name(node);
    if (reader.text(node, "device_type") == "memory") return Kind::REWRITTEN;
    if (is_compatible(reader, node, RD_DT_COMPATIBLE)) return Kind::REWRITTEN;
    if (name == "cpus" || name == "reserved-memory") return Kind::SUBTREE;
  }
  const Bytes compatible = reader.find(node, "compatible");
  return compatible.data() == nullptr ? Kind::UNNAMED : kind_of_compatible(compatible);
}

auto is_private(const Cursor& cursor, unsigned depth, const Policy& policy) noexcept -> bool {
  if (!policy.private_uart) return false;
  const auto range = reg_range(cursor, depth, 0);
  return range && range->begin == *policy.private_uart;
}

auto is_own_smmu(std::uint32_t phandle, const Policy& policy) noexcept -> bool {
  return phandle != 0 && std::ranges::find(policy.smmus, phandle) != policy.smmus.end();
}

// PCI behind SMMUs of EL2's: iommu-map (pci-iommu.txt of the Linux bindings) sends all 65536 requester IDs there.
auto behind_own_smmu(const Reader& reader, Node node, const Policy& policy) noexcept -> bool {
  constexpr std::size_t kEntryBytes = 16;
  constexpr std::uint64_t kRequesters = 1 << 16;
  const Bytes map = reader.find(node, "iommu-map");
  if (map.size() % kEntryBytes != 0 || reader.has(node, "iommu-map-mask")) return false;
  std::uint64_t next = 0;
  for (std::size_t at = 0; at < map.size(); at += kEntryBytes) {
    const bool own = is_own_smmu(static_cast<std::uint32_t>(read_cells(map, at + 4, 1)), policy);
    if (!own || read_cells(map, at, 1) != next) return false;
    next += read_cells(map, at + 12, 1);
  }
  return next == kRequesters;
}

// Not inlined: judge() is at the bottom of the boot's deepest stack.
[[gnu::noinline]] auto master_removal(const Cursor& cursor, unsigned depth, const Policy& policy) noexcept
    -> std::optional<Reason> {
  const Reader& reader = cursor.reader();
  const Node node = cursor.ancestor(depth);
  if (is_compatible(reader, node, kPciHost) && behind_own_smmu(reader, node, policy)) return std::nullopt;
  return is_own_smmu(reader.u32(node, "phandle", 0), policy) ? Reason::PRIVATE : Reason::DMA;
}

// Why the node at `depth` has to go, given that its parent stays.
auto removal(const Cursor& cursor, unsigned depth, Kind kind, bool on_bus, const Policy& policy) noexcept
    -> std::optional<Reason> {
  if (kind == Kind::ITS) return Reason::ITS;
  if (kind == Kind::FLASH) return Reason::FLASH;
  if (kind == Kind::MODULE) return Reason::CONSUMED;
  if (kind == Kind::REWRITTEN) return Reason::REPLACED;
  if (is_private(cursor, depth, policy)) return Reason::PRIVATE;
  if (policy.dma == Dma::OPEN) return std::nullopt;
  if (kind == Kind::MASTER) return master_removal(cursor, depth, policy);
  // Registers on a bus without a name for what they are; below a device a nameless node is only its detail.
  const bool nameless = kind == Kind::UNNAMED && on_bus && cursor.reader().has(cursor.ancestor(depth), "reg");
  if (kind == Kind::UNKNOWN || nameless) return Reason::NOT_LISTED;
  return std::nullopt;
}

auto class_of(Kind kind) noexcept -> NodeClass {
  if (kind == Kind::HARMLESS) return NodeClass::HARMLESS;
  if (kind == Kind::BUS) return NodeClass::BUS;
  if (kind == Kind::GIC) return NodeClass::GIC;
  return kind == Kind::UNNAMED || kind == Kind::SUBTREE ? NodeClass::DATA : NodeClass::DEVICE;
}

}  // namespace

auto judge(const Cursor& cursor, const Policy& policy) noexcept -> Verdict {
  Kind kind = Kind::BUS;  // the root
  for (unsigned depth = 1; depth <= cursor.depth(); ++depth) {
    const bool on_bus = kind == Kind::BUS;
    kind = kind_of(cursor.reader(), cursor.ancestor(depth), depth);
    if (const auto reason = removal(cursor, depth, kind, on_bus, policy)) {
      return {.kept = false, .node_class = class_of(kind), .reason = *reason, .depth = depth};
    }
    if (kind == Kind::SUBTREE) break;
  }
  return {.kept = true, .node_class = class_of(kind), .reason = {}, .depth = 0};
}

void list_removed(const Reader& reader, const Policy& policy, RemovedLog& log) noexcept {
  bool adjacent = false;  // the last entry is the node before this one
  for (Cursor cursor{reader}; cursor.next();) {
    const Verdict verdict = judge(cursor, policy);
    const bool shown = !verdict.kept && verdict.reason != Reason::REPLACED && verdict.reason != Reason::CONSUMED;
    if (!verdict.kept && verdict.depth < cursor.depth()) continue;
    if (!shown) {
      adjacent = false;
      continue;
    }
    const std::string_view compatible = reader.text(cursor.node(), "compatible");
    if (adjacent && log.entries.back().compatible == compatible && log.entries.back().reason == verdict.reason) {
      ++log.entries.back().count;
      continue;
    }
    adjacent = log.entries.push({reader.name(cursor.node()), compatible, verdict.reason, 1});
    if (!adjacent) ++log.unlisted;
  }
}

}  // namespace redoubt::hyp::fdt
