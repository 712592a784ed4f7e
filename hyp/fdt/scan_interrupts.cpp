// SPDX-License-Identifier: Apache-2.0
// The GICv3 and generic-timer bindings.
#include "hyp/fdt/address.hpp"
#include "hyp/fdt/lookup.hpp"
#include "hyp/fdt/scan_parts.hpp"

namespace redoubt::hyp::fdt {
namespace {

constexpr unsigned kMinInterruptCells = 3;
constexpr unsigned kMaxInterruptCells = 4;  // the fourth names the CPUs of a partitioned PPI
constexpr std::uint64_t kSpi = 0;
constexpr std::uint32_t kFirstPpi = 16;
constexpr std::uint32_t kFirstSpi = 32;

// Order of the arm,armv8-timer binding without interrupt-names.
constexpr char kTimerOrder[] = "sec-phys\0phys\0virt\0hyp-phys\0hyp-virt";

// INTID of a GICv3 interrupt specifier: type, number, flags.
auto intid(Bytes specifier) noexcept -> std::optional<std::uint32_t> {
  if (specifier.size() < std::size_t{4} * kMinInterruptCells) return std::nullopt;
  const auto number = static_cast<std::uint32_t>(read_cells(specifier, 4, 1));
  return number + (read_cells(specifier, 0, 1) == kSpi ? kFirstSpi : kFirstPpi);
}

}  // namespace

auto scan_gic(const Cursor& cursor, GicInfo& gic) noexcept -> FdtResult<> {
  const Reader& reader = cursor.reader();
  const auto distributor = reg_range(cursor, cursor.depth(), 0);
  const std::size_t regions = reader.u32(cursor.node(), "#redistributor-regions", 1);
  gic.interrupt_cells = reader.u32(cursor.node(), "#interrupt-cells", 0);
  const bool cells_known = gic.interrupt_cells >= kMinInterruptCells && gic.interrupt_cells <= kMaxInterruptCells;
  // A second GIC, or none of its own distributor, is not a machine EL2 can drive.
  if (!distributor || !cells_known || !gic.redistributors.empty()) return FdtUnexpected{FdtError::NO_GIC};
  gic.distributor = *distributor;
  if (regions > kMaxRegions) return FdtUnexpected{FdtError::TOO_MANY};
  for (std::size_t i = 0; i < regions; ++i) {
    const auto region = reg_range(cursor, cursor.depth(), 1 + i);
    if (!region || !gic.redistributors.push(*region)) return FdtUnexpected{FdtError::NO_GIC};
  }
  gic.redistributor_stride = read_cells(reader.find(cursor.node(), "redistributor-stride"), 0, 2);
  gic.maintenance_intid = intid(reader.find(cursor.node(), "interrupts"));
  return {};
}

auto timer_interrupt(const Reader& reader, Node timer, unsigned interrupt_cells, std::string_view name) noexcept
    -> Bytes {
  const Bytes interrupts = reader.find(timer, "interrupts");
  const std::size_t entry = std::size_t{4} * interrupt_cells;
  Bytes names = reader.find(timer, "interrupt-names");
  if (names.empty()) names = std::as_bytes(std::span{kTimerOrder});
  for (std::size_t at = 0; at + entry <= interrupts.size() && !names.empty(); at += entry) {
    if (take_string(names) == name) return interrupts.subspan(at, entry);
  }
  return {};
}

auto scan_timer(const Reader& reader, unsigned interrupt_cells, TimerInfo& timer) noexcept -> FdtResult<> {
  Cursor cursor{reader};
  do {
    if (!cursor.next()) return FdtUnexpected{FdtError::NO_TIMER};
  } while (!is_compatible(reader, cursor.node(), "arm,armv8-timer"));
  const auto find = [&](std::string_view name) {
    return intid(timer_interrupt(reader, cursor.node(), interrupt_cells, name));
  };
  timer = {find("sec-phys"), find("phys"), find("virt"), find("hyp-phys")};
  if (!timer.phys) return FdtUnexpected{FdtError::NO_TIMER};
  return {};
}

}  // namespace redoubt::hyp::fdt
