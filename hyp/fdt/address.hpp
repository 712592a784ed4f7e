// SPDX-License-Identifier: Apache-2.0
// From `reg` and `ranges` to CPU physical addresses (Devicetree Specification 2.3.6, 2.3.8).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "hyp/fdt/pa_range.hpp"
#include "hyp/fdt/reader.hpp"

namespace redoubt::hyp::fdt {

// What a node says about its children's addresses.
struct CellCounts {
  unsigned address;
  unsigned size;
  // Of addresses and sizes that fit into 64 bits.
  [[nodiscard]] constexpr auto plain() const noexcept -> bool {
    return address >= 1 && address <= 2 && size >= 1 && size <= 2;
  }
  [[nodiscard]] constexpr auto bytes() const noexcept -> std::size_t { return (std::size_t{address} + size) * 4; }
};

// A run of addresses in the space of some bus; may be empty or wrap.
struct BusRange {
  std::uint64_t base;
  std::uint64_t bytes;
};

// #address-cells and #size-cells of `node`; the specification's defaults, 2 and 1, where absent.
[[nodiscard]] auto child_cells(const Reader& reader, Node node) noexcept -> CellCounts;

// An address and a size at byte `offset`. Requires cells.plain().
[[nodiscard]] auto read_range(Bytes bytes, std::size_t offset, CellCounts cells) noexcept -> BusRange;

// Entries in `reg` of the node at `depth` of the cursor's path (the node itself: cursor.depth()).
[[nodiscard]] auto reg_count(const Cursor& cursor, unsigned depth) noexcept -> std::size_t;

// Entry `index` as CPU addresses. nullopt: no such entry, not memory-mapped (a parent without `ranges`, more than two
// cells), not covered by one entry of each `ranges` above it, empty, or above 48 bits.
[[nodiscard]] auto reg_range(const Cursor& cursor, unsigned depth, std::size_t index) noexcept
    -> std::optional<PaRange>;

// A PCI host bridge's outbound windows (IO and memory entries of its `ranges`), likewise. 0 for any other node.
[[nodiscard]] auto pci_window_count(const Cursor& cursor) noexcept -> std::size_t;
[[nodiscard]] auto pci_window(const Cursor& cursor, std::size_t index) noexcept -> std::optional<PaRange>;

}  // namespace redoubt::hyp::fdt
