// SPDX-License-Identifier: Apache-2.0
// Changes of the host's identity map. Unmapping splits a 2 MiB block into its static level-3 table; mapping the last
// missing page of a block joins it again, unless devices walk the tables. The callers have checked the page's state in PageDb.
#pragma once

#include <cstdint>

#include "core/machine.hpp"
#include "core/stage2/attributes.hpp"
#include "core/stage2/host_tables.hpp"
#include "core/stage2/tlb_debt.hpp"

namespace redoubt::core {

// Levels above 2 that a walk may pass (start level 0).
inline constexpr unsigned kMaxUpperLevels = 2;

// The level-2 entry of a page of RAM. Its table exists: boot made one for each GiB that holds RAM.
template <Machine M>
[[nodiscard]] auto host_block_slot(M& machine, const HostTables& host, Pfn pfn) noexcept -> Pa {
  Level level = host.geometry.start;
  Pa slot = host.geometry.root_slot(host.root, pfn.value());
  for (unsigned i = 0; i < kMaxUpperLevels && level != Level::L2; ++i) {
    level = next_level(level);
    slot = table_slot(arm64::s2::table_of(machine.load(slot)), level, pfn.value());
  }
  return slot;
}

[[nodiscard]] inline auto host_leaf(const HostTables& host, Pfn pfn, Level level) noexcept -> Descriptor {
  return arm64::s2::make_leaf(pfn, level, host_ram_attributes(host.fwb));
}

namespace detail {

// Fills a level-3 table that nothing points to: identity entries of `block`, or none.
template <Machine M>
void fill_leaf_table(M& machine, const HostTables& host, Pa table, Pfn block, bool identity) noexcept {
  const Descriptor first = identity ? host_leaf(host, block, Level::L3) : 0;
  const std::uint64_t step = identity ? kPageSize : 0;
  for (std::uint64_t i = 0; i < kBlockPages; ++i) {
    machine.store(table + i * sizeof(Descriptor), first + i * step);
  }
}

// Break-before-make: block -> level-3 table without `hole`.
template <Machine M>
void split_host_block(M& machine, const HostTables& host, BlockIndex block, Pfn hole, Pa slot) noexcept {
  const Pfn first{align_down(hole.value(), kBlockPages)};
  const Pa table = host.leaf_table(block);
  fill_leaf_table(machine, host, table, first, true);
  machine.store(table_slot(table, Level::L3, hole.value()), 0);
  TlbDebt debt{kHostVmid, host.root};
  machine.store(slot, 0);
  debt.add(first.value(), Level::L2);
  debt.settle(machine);
  machine.store(slot, arm64::s2::make_table(table));
  machine.dsb_ishst();
}

// Whatever the level-2 entry holds goes.
template <Machine M>
void break_host_block(M& machine, const HostTables& host, Pa slot) noexcept {
  if (!arm64::s2::valid(machine.load(slot))) return;
  TlbDebt debt{kHostVmid, host.root};
  machine.store(slot, 0);
  debt.add_table();
  debt.settle(machine);
}

// Break-before-make: whatever the level-2 entry holds -> block. All its pages are the host's.
template <Machine M>
void join_host_block(M& machine, const HostTables& host, Pfn pfn, Pa slot) noexcept {
  break_host_block(machine, host, slot);
  machine.store(slot, host_leaf(host, Pfn{align_down(pfn.value(), kBlockPages)}, Level::L2));
}

// Break-before-make: whatever the level-2 entry holds -> a level-3 table full of the host's pages. None was before.
template <Machine M>
void link_full_table(M& machine, const HostTables& host, BlockIndex block, Pfn first, Pa slot) noexcept {
  break_host_block(machine, host, slot);
  fill_leaf_table(machine, host, host.leaf_table(block), first, true);
  machine.dsb_ishst();
  machine.store(slot, arm64::s2::make_table(host.leaf_table(block)));
}

// The level-3 entry of a page whose block is not mapped as a block; links the static table if nothing is there.
template <Machine M>
[[nodiscard]] auto host_page_slot(M& machine, const HostTables& host, BlockIndex block, Pfn pfn, Pa l2) noexcept -> Pa {
  const Pa table = host.leaf_table(block);
  if (!arm64::s2::valid(machine.load(l2))) {
    fill_leaf_table(machine, host, table, pfn, false);
    machine.dsb_ishst();
    machine.store(l2, arm64::s2::make_table(table));
  }
  return table_slot(table, Level::L3, pfn.value());
}

}  // namespace detail

// The host loses one identity-mapped page.
template <Machine M>
void host_unmap_page(M& machine, HostTables& host, BlockIndex block, Pfn pfn, RD_DEBT_OWED TlbDebt& debt) noexcept {
  std::uint16_t& mapped = host.mapped[block.value()];
  if (mapped == kBlockPages && !host.devices) {
    detail::split_host_block(machine, host, block, pfn, host_block_slot(machine, host, pfn));
  } else {
    machine.store(table_slot(host.leaf_table(block), Level::L3, pfn.value()), 0);
    debt.add(pfn.value(), Level::L3);
  }
  --mapped;
}

// The host loses a whole identity-mapped block.
template <Machine M>
void host_unmap_block(M& machine, HostTables& host, BlockIndex block, Pfn first, RD_DEBT_OWED TlbDebt& debt) noexcept {
  machine.store(host_block_slot(machine, host, first), 0);
  if (host.devices) {
    debt.add_table();
  } else {
    debt.add(first.value(), Level::L2);
  }
  host.mapped[block.value()] = 0;
}

// The host gets a page back; a decoy at its address goes.
template <Machine M>
void host_map_page(M& machine, HostTables& host, BlockIndex block, Pfn pfn) noexcept {
  std::uint16_t& mapped = host.mapped[block.value()];
  const Pa l2 = host_block_slot(machine, host, pfn);
  if (++mapped == kBlockPages && !host.devices) {
    detail::join_host_block(machine, host, pfn, l2);
  } else {
    const Pa slot = detail::host_page_slot(machine, host, block, pfn, l2);
    if (arm64::s2::valid(machine.load(slot))) {
      TlbDebt debt{kHostVmid, host.root};
      machine.store(slot, 0);
      debt.add(pfn.value(), Level::L3);
      debt.settle(machine);
    }
    machine.store(slot, host_leaf(host, pfn, Level::L3));
  }
  machine.dsb_ishst();
}

// The host gets all pages of a block back at once.
template <Machine M>
void host_map_block(M& machine, HostTables& host, BlockIndex block, Pfn first) noexcept {
  const Pa slot = host_block_slot(machine, host, first);
  if (host.devices) {
    detail::link_full_table(machine, host, block, first, slot);
  } else {
    detail::join_host_block(machine, host, first, slot);
  }
  host.mapped[block.value()] = kBlockPages;
  machine.dsb_ishst();
}

// Shows `decoy` at the address of a page that is not mapped for the host.
template <Machine M>
void host_map_decoy(M& machine, const HostTables& host, BlockIndex block, Pfn pfn, Pfn decoy) noexcept {
  const Pa l2 = host_block_slot(machine, host, pfn);
  const Pa slot = detail::host_page_slot(machine, host, block, pfn, l2);
  machine.store(slot, arm64::s2::make_leaf(decoy, Level::L3, decoy_attributes(host.fwb)));
  machine.dsb_ishst();
}

}  // namespace redoubt::core
