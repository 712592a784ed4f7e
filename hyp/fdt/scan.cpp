// SPDX-License-Identifier: Apache-2.0
// The walk that fills PlatformInfo. What a host can do without is optional; what EL2 cannot do without is an error.
#include "hyp/fdt/address.hpp"
#include "hyp/fdt/lookup.hpp"
#include "hyp/fdt/platform.hpp"
#include "hyp/fdt/scan_parts.hpp"

namespace redoubt::hyp::fdt {
namespace {

auto add_memory(const Cursor& cursor, PlatformInfo& info) noexcept -> FdtResult<> {
  // Disabled memory is the secure world's.
  if (!is_enabled(cursor.reader(), cursor.node())) return {};
  const CellCounts cells = child_cells(cursor.reader(), cursor.ancestor(0));
  for (std::size_t i = 0; i < reg_count(cursor, 1); ++i) {
    // An entry that the boot loader had nothing to fill with.
    if (read_range(cursor.reader().find(cursor.node(), "reg"), i * cells.bytes(), cells).bytes == 0) continue;
    const auto range = reg_range(cursor, 1, i);
    if (!range) return FdtUnexpected{FdtError::BAD_ADDRESS};
    const auto pages = range->pages_inside();
    if (pages && !info.ram.insert(*pages)) return FdtUnexpected{FdtError::TOO_MANY};
  }
  return {};
}

// Every entry of the node's reg into `list`.
template <class List, class Make>
auto add_all(const Cursor& cursor, List& list, Make&& make) noexcept -> FdtResult<> {
  for (std::size_t i = 0; i < reg_count(cursor, cursor.depth()); ++i) {
    const auto range = reg_range(cursor, cursor.depth(), i);
    if (!range) return FdtUnexpected{FdtError::BAD_ADDRESS};
    if (!list.push(make(*range))) return FdtUnexpected{FdtError::TOO_MANY};
  }
  return {};
}

auto add_reservations(const Reader& reader, PlatformInfo& info) noexcept -> FdtResult<> {
  for (std::size_t i = 0;; ++i) {
    const Reservation entry = reader.reservation(i);
    if (entry.base == 0 && entry.bytes == 0) return {};
    if (entry.bytes == 0) continue;
    const auto range = PaRange::make(entry.base, entry.bytes);
    if (!range) return FdtUnexpected{FdtError::BAD_ADDRESS};
    if (!info.reserved.push({*range, false})) return FdtUnexpected{FdtError::TOO_MANY};
  }
}

void add_cpu(const Cursor& cursor, PlatformInfo& info) noexcept {
  const Reader& reader = cursor.reader();
  const Bytes reg = reader.find(cursor.node(), "reg");
  if (reader.text(cursor.node(), "device_type") != "cpu" || (reg.size() != 4 && reg.size() != 8)) return;
  ++info.cpu_nodes;
  // A CPU beyond the list is counted, and the caller says so: EL2 will refuse to start it.
  static_cast<void>(info.mpidrs.push(read_cells(reg, 0, static_cast<unsigned>(reg.size() / 4))));
}

void add_uart(const Cursor& cursor, PlatformInfo& info) noexcept {
  const auto range = reg_range(cursor, cursor.depth(), 0);
  if (range && is_enabled(cursor.reader(), cursor.node())) static_cast<void>(info.uarts.push(*range));
}

auto add_smmu(const Cursor& cursor, PlatformInfo& info) noexcept -> FdtResult<> {
  const auto registers = reg_range(cursor, cursor.depth(), 0);
  if (!registers) return FdtUnexpected{FdtError::BAD_ADDRESS};
  const SmmuInfo smmu{*registers, cursor.reader().u32(cursor.node(), "phandle", 0)};
  return info.smmus.push(smmu) ? FdtResult<>{} : FdtUnexpected{FdtError::TOO_MANY};
}

auto visit_device(const Cursor& cursor, PlatformInfo& info, bool& psci) noexcept -> FdtResult<> {
  const Reader& reader = cursor.reader();
  const Bytes compatible = reader.find(cursor.node(), "compatible");
  const auto itself = [](const PaRange& range) { return range; };
  if (list_has(compatible, "arm,gic-v3")) return scan_gic(cursor, info.gic);
  if (list_has(compatible, "arm,gic-v3-its")) return add_all(cursor, info.gic.its, itself);
  if (list_has(compatible, "arm,smmu-v3")) return add_smmu(cursor, info);
  if (list_has(compatible, "arm,pl011")) add_uart(cursor, info);
  const bool standard_ids = list_has(compatible, "arm,psci-1.0") || list_has(compatible, "arm,psci-0.2");
  psci = psci || (standard_ids && reader.text(cursor.node(), "method") == "smc");
  return {};
}

auto visit(const Cursor& cursor, PlatformInfo& info, bool& psci) noexcept -> FdtResult<> {
  const Reader& reader = cursor.reader();
  const std::string_view top = reader.name(cursor.ancestor(1));
  if (cursor.depth() == 1 && reader.text(cursor.node(), "device_type") == "memory") return add_memory(cursor, info);
  if (cursor.depth() == 2 && top == "cpus") add_cpu(cursor, info);
  if (cursor.depth() == 2 && is_chosen(reader, cursor.ancestor(1))) return scan_module(cursor, info.chosen);
  if (cursor.depth() != 2 || top != "reserved-memory") return visit_device(cursor, info, psci);
  const bool no_map = reader.has(cursor.node(), "no-map");
  return add_all(cursor, info.reserved, [no_map](const PaRange& range) { return ReservedMemory{range, no_map}; });
}

void find_console(const Reader& reader, PlatformInfo& info) noexcept {
  if (!info.uarts.empty()) info.console = info.uarts[0];
  const auto chosen = find_path(reader, "/chosen");
  if (!chosen) return;
  const auto output = find_alias_or_path(reader, reader.text(chosen->node(), "stdout-path"));
  if (!output || !is_compatible(reader, output->node(), "arm,pl011")) return;
  if (const auto range = reg_range(*output, output->depth(), 0)) info.console = range;
}

auto beyond_el2(const PlatformInfo& info) noexcept -> bool {
  const auto above = [](const PaRange& range) { return range.end.value() > kDeviceEnd; };
  bool high = info.ram.ranges().back().end.value() > kRamEnd || above(info.gic.distributor);
  for (const auto& region : info.gic.redistributors) high = high || above(region);
  return high || (info.console && above(*info.console));
}

}  // namespace

auto scan(const Reader& reader, PlatformInfo& info) noexcept -> FdtResult<> {
  bool psci = false;
  auto result = add_reservations(reader, info);
  for (Cursor cursor{reader}; result && cursor.next();) result = visit(cursor, info, psci);
  if (!result) return result;
  scan_chosen(reader, info.chosen);
  find_console(reader, info);
  if (info.ram.ranges().empty()) return FdtUnexpected{FdtError::NO_MEMORY_NODE};
  if (info.mpidrs.empty()) return FdtUnexpected{FdtError::NO_CPU};
  if (info.gic.redistributors.empty()) return FdtUnexpected{FdtError::NO_GIC};
  if (!psci) return FdtUnexpected{FdtError::NO_PSCI};
  if (beyond_el2(info)) return FdtUnexpected{FdtError::TOO_HIGH};
  return scan_timer(reader, info.gic.interrupt_cells, info.timer);
}

}  // namespace redoubt::hyp::fdt
