// SPDX-License-Identifier: Apache-2.0
#include "hyp/fdt/address.hpp"

#include <limits>

#include "hyp/fdt/lookup.hpp"

namespace redoubt::hyp::fdt {
namespace {

constexpr std::size_t kCellBytes = 4;
constexpr unsigned kMaxCells = 2;  // of an address or a size that fits into 64 bits
constexpr unsigned kPciAddressCells = 3;

// One `ranges` entry applied: `range` moved from `child` to `parent` addresses if it lies inside.
auto move_into(const BusRange& range, std::uint64_t child, std::uint64_t parent, std::uint64_t bytes) noexcept
    -> std::optional<BusRange> {
  if (range.base < child || range.base - child > bytes || range.bytes > bytes - (range.base - child))
    return std::nullopt;
  const std::uint64_t offset = range.base - child;
  if (parent > std::numeric_limits<std::uint64_t>::max() - offset) return std::nullopt;
  return BusRange{parent + offset, range.bytes};
}

// From the address space below `bus` to the one above it.
auto through_bus(const Reader& reader, Node bus, Node parent, const BusRange& range) noexcept
    -> std::optional<BusRange> {
  const auto ranges = reader.find(bus, "ranges");
  if (!ranges) return std::nullopt;
  if (ranges->empty()) return range;
  const CellCounts below = child_cells(reader, bus);
  const CellCounts above = child_cells(reader, parent);
  if (below.address == 0 || below.address > kMaxCells || above.address == 0 || above.address > kMaxCells ||
      below.size == 0 || below.size > kMaxCells) {
    return std::nullopt;
  }
  const std::size_t entry = kCellBytes * (below.address + above.address + below.size);
  for (std::size_t at = 0; at + entry <= ranges->size(); at += entry) {
    const std::size_t parent_at = at + kCellBytes * below.address;
    const auto moved =
        move_into(range, read_cells(*ranges, at, below.address), read_cells(*ranges, parent_at, above.address),
                  read_cells(*ranges, parent_at + kCellBytes * above.address, below.size));
    if (moved) return moved;
  }
  return std::nullopt;
}

// From the address space of the children of the node at `depth` to the CPU's.
auto to_cpu(const Cursor& cursor, unsigned depth, BusRange range) noexcept -> std::optional<PaRange> {
  for (; depth > 0; --depth) {
    const auto moved = through_bus(cursor.reader(), cursor.ancestor(depth), cursor.ancestor(depth - 1), range);
    if (!moved) return std::nullopt;
    range = *moved;
  }
  return PaRange::make(range.base, range.bytes);
}

auto is_pci_host(const Cursor& cursor) noexcept -> bool {
  return cursor.depth() > 0 && cursor.reader().text(cursor.node(), "device_type") == "pci";
}

// Cells of one `ranges` entry of a PCI host: its children's 3, its parent's address, its children's size.
auto pci_cells(const Cursor& cursor) noexcept -> std::optional<CellCounts> {
  const CellCounts below = child_cells(cursor.reader(), cursor.node());
  const CellCounts above = child_cells(cursor.reader(), cursor.ancestor(cursor.depth() - 1));
  if (below.address != kPciAddressCells || below.size == 0 || below.size > kMaxCells) return std::nullopt;
  if (above.address == 0 || above.address > kMaxCells) return std::nullopt;
  return CellCounts{above.address, below.size};
}

}  // namespace

auto child_cells(const Reader& reader, Node node) noexcept -> CellCounts {
  return {reader.u32(node, "#address-cells").value_or(2), reader.u32(node, "#size-cells").value_or(1)};
}

auto reg_count(const Cursor& cursor, unsigned depth) noexcept -> std::size_t {
  if (depth == 0) return 0;
  const auto reg = cursor.reader().find(cursor.ancestor(depth), "reg");
  const CellCounts cells = child_cells(cursor.reader(), cursor.ancestor(depth - 1));
  if (!reg || cells.address == 0 || cells.address > kMaxCells || cells.size == 0 || cells.size > kMaxCells) return 0;
  return reg->size() / (kCellBytes * (cells.address + cells.size));
}

auto reg_entry(const Cursor& cursor, unsigned depth, std::size_t index) noexcept -> std::optional<BusRange> {
  if (index >= reg_count(cursor, depth)) return std::nullopt;
  const Bytes reg = cursor.reader().find(cursor.ancestor(depth), "reg").value_or(Bytes{});
  const CellCounts cells = child_cells(cursor.reader(), cursor.ancestor(depth - 1));
  const std::size_t at = index * kCellBytes * (cells.address + cells.size);
  return BusRange{read_cells(reg, at, cells.address), read_cells(reg, at + kCellBytes * cells.address, cells.size)};
}

auto reg_range(const Cursor& cursor, unsigned depth, std::size_t index) noexcept -> std::optional<PaRange> {
  const auto entry = reg_entry(cursor, depth, index);
  return entry ? to_cpu(cursor, depth - 1, *entry) : std::nullopt;
}

auto pci_window_count(const Cursor& cursor) noexcept -> std::size_t {
  if (!is_pci_host(cursor)) return 0;
  const auto cells = pci_cells(cursor);
  const auto ranges = cursor.reader().find(cursor.node(), "ranges");
  if (!cells || !ranges) return 0;
  return ranges->size() / (kCellBytes * (kPciAddressCells + cells->address + cells->size));
}

auto pci_window(const Cursor& cursor, std::size_t index) noexcept -> std::optional<PaRange> {
  if (index >= pci_window_count(cursor)) return std::nullopt;
  const CellCounts cells = pci_cells(cursor).value_or(CellCounts{1, 1});
  const Bytes ranges = cursor.reader().find(cursor.node(), "ranges").value_or(Bytes{});
  const std::size_t at = index * kCellBytes * (kPciAddressCells + cells.address + cells.size);
  // Bits 25:24 of the first cell are the space: 0 is configuration, which is no window (PCI Bus Binding 2.2.1.1).
  if ((read_cells(ranges, at, 1) >> 24U & 3U) == 0) return std::nullopt;
  const std::size_t parent_at = at + kCellBytes * kPciAddressCells;
  return to_cpu(cursor, cursor.depth() - 1,
                {read_cells(ranges, parent_at, cells.address),
                 read_cells(ranges, parent_at + kCellBytes * cells.address, cells.size)});
}

}  // namespace redoubt::hyp::fdt
