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
};

// A run of addresses in the space of some bus; may be empty or wrap.
struct BusRange {
  std::uint64_t base;
  std::uint64_t bytes;
};

// #address-cells and #size-cells of `node`; the specification's defaults, 2 and 1, where absent.
[[nodiscard]] auto child_cells(const Reader& reader, Node node) noexcept -> CellCounts;

// Entries in `reg` of the node at `depth` of the cursor's path (the node itself: cursor.depth()).
[[nodiscard]] auto reg_count(const Cursor& cursor, unsigned depth) noexcept -> std::size_t;

// Entry `index` as it stands; nullopt if there is no such entry.
[[nodiscard]] auto reg_entry(const Cursor& cursor, unsigned depth, std::size_t index) noexcept
    -> std::optional<BusRange>;

// Entry `index` as CPU addresses. nullopt: no such entry, not memory-mapped (a parent without `ranges`, more than two
// cells), not covered by one entry of each `ranges` above it, empty, or above 48 bits.
[[nodiscard]] auto reg_range(const Cursor& cursor, unsigned depth, std::size_t index) noexcept
    -> std::optional<PaRange>;

// A PCI host bridge's outbound windows (IO and memory entries of its `ranges`), likewise. 0 for any other node.
[[nodiscard]] auto pci_window_count(const Cursor& cursor) noexcept -> std::size_t;
[[nodiscard]] auto pci_window(const Cursor& cursor, std::size_t index) noexcept -> std::optional<PaRange>;

}  // namespace redoubt::hyp::fdt
