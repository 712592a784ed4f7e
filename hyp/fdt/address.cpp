// SPDX-License-Identifier: Apache-2.0
#include "hyp/fdt/address.hpp"

#include <limits>

namespace redoubt::hyp::fdt {
namespace {

constexpr std::size_t kCellBytes = 4;
constexpr unsigned kPciAddressCells = 3;
constexpr std::size_t kPciAddressBytes = kPciAddressCells * kCellBytes;

// One `ranges` entry applied: `range` moved from `child` to `window` if it lies inside. A window has the child's size.
auto move_into(BusRange& range, std::uint64_t child, const BusRange& window) noexcept -> bool {
  const std::uint64_t offset = range.base - child;
  if (range.base < child || offset > window.bytes || range.bytes > window.bytes - offset) return false;
  if (window.base > std::numeric_limits<std::uint64_t>::max() - offset) return false;
  range.base = window.base + offset;
  return true;
}

// From the address space below `bus` to the one above it.
auto through_bus(const Reader& reader, Node bus, Node parent, BusRange& range) noexcept -> bool {
  const Bytes ranges = reader.find(bus, "ranges");
  if (ranges.empty()) return ranges.data() != nullptr;
  const CellCounts below = child_cells(reader, bus);
  const CellCounts window{child_cells(reader, parent).address, below.size};
  if (!below.plain() || !window.plain()) return false;
  const std::size_t child_bytes = kCellBytes * below.address;
  for (std::size_t at = 0; at + child_bytes + window.bytes() <= ranges.size(); at += child_bytes + window.bytes()) {
    const std::uint64_t child = read_cells(ranges, at, below.address);
    if (move_into(range, child, read_range(ranges, at + child_bytes, window))) return true;
  }
  return false;
}

// From the address space of the children of the node at `depth` to the CPU's.
auto to_cpu(const Cursor& cursor, unsigned depth, BusRange range) noexcept -> std::optional<PaRange> {
  for (; depth > 0; --depth) {
    if (!through_bus(cursor.reader(), cursor.ancestor(depth), cursor.ancestor(depth - 1), range)) return std::nullopt;
  }
  return PaRange::make(range.base, range.bytes);
}

// Cells of the CPU-side window in one `ranges` entry of a PCI host; not plain() if this is none.
auto pci_cells(const Cursor& cursor) noexcept -> CellCounts {
  const Reader& reader = cursor.reader();
  if (cursor.depth() == 0 || reader.text(cursor.node(), "device_type") != "pci") return {0, 0};
  const CellCounts below = child_cells(reader, cursor.node());
  if (below.address != kPciAddressCells) return {0, 0};
  return {child_cells(reader, cursor.ancestor(cursor.depth() - 1)).address, below.size};
}

}  // namespace

auto child_cells(const Reader& reader, Node node) noexcept -> CellCounts {
  return {reader.u32(node, "#address-cells", 2), reader.u32(node, "#size-cells", 1)};
}

auto read_range(Bytes bytes, std::size_t offset, CellCounts cells) noexcept -> BusRange {
  return {read_cells(bytes, offset, cells.address), read_cells(bytes, offset + kCellBytes * cells.address, cells.size)};
}

auto reg_count(const Cursor& cursor, unsigned depth) noexcept -> std::size_t {
  if (depth == 0) return 0;
  const CellCounts cells = child_cells(cursor.reader(), cursor.ancestor(depth - 1));
  return cells.plain() ? cursor.reader().find(cursor.ancestor(depth), "reg").size() / cells.bytes() : 0;
}

auto reg_range(const Cursor& cursor, unsigned depth, std::size_t index) noexcept -> std::optional<PaRange> {
  if (index >= reg_count(cursor, depth)) return std::nullopt;
  const CellCounts cells = child_cells(cursor.reader(), cursor.ancestor(depth - 1));
  const Bytes reg = cursor.reader().find(cursor.ancestor(depth), "reg");
  return to_cpu(cursor, depth - 1, read_range(reg, index * cells.bytes(), cells));
}

auto pci_window_count(const Cursor& cursor) noexcept -> std::size_t {
  const CellCounts cells = pci_cells(cursor);
  if (!cells.plain()) return 0;
  return cursor.reader().find(cursor.node(), "ranges").size() / (kPciAddressBytes + cells.bytes());
}

auto pci_window(const Cursor& cursor, std::size_t index) noexcept -> std::optional<PaRange> {
  if (index >= pci_window_count(cursor)) return std::nullopt;
  const CellCounts cells = pci_cells(cursor);
  const Bytes ranges = cursor.reader().find(cursor.node(), "ranges");
  const std::size_t at = index * (kPciAddressBytes + cells.bytes());
  // Bits 25:24 of the first cell are the space: 0 is configuration, which is no window (PCI Bus Binding 2.2.1.1).
  if ((read_cells(ranges, at, 1) >> 24U & 3U) == 0) return std::nullopt;
  return to_cpu(cursor, cursor.depth() - 1, read_range(ranges, at + kPciAddressBytes, cells));
}

}  // namespace redoubt::hyp::fdt
