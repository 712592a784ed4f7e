// SPDX-License-Identifier: Apache-2.0
// Writing a guest's stage 2. Callers reserve tables first: none of these functions can fail.
#pragma once

#include <cstdint>

#include "core/machine.hpp"
#include "core/stage2/guest_walk.hpp"
#include "core/stage2/tlb_debt.hpp"
#include "core/vm/vm.hpp"

namespace redoubt::core {

namespace detail {

// What the children of `entry` must hold so that the split changes nothing: the first one, and the step to the next.
struct Children {
  Descriptor first = 0;
  std::uint64_t step = 0;
};
[[nodiscard]] inline auto children_of(const GuestEntry& entry) noexcept -> Children {
  if (!entry.mapped()) return {entry.desc, 0};
  using namespace arm64;
  return {s2::make_leaf(s2::frame_of(entry.desc), Level::L3, s2::attributes_of(entry.desc)), kPageSize};
}

// Replaces an invalid entry or a 2 MiB block by a table from the VM's pool with the same meaning.
template <Machine M>
[[nodiscard]] auto split_guest_entry(M& machine, Vm& vm, const GuestEntry& entry, Gfn gfn) noexcept -> GuestEntry {
  const Pa table = pa_of(vm.pool.pop());
  const Children children = children_of(entry);
  if (children.first != 0) {  // pool pages are zero
    for (std::uint64_t i = 0; i < arm64::kTableEntries; ++i) {
      machine.store(table + i * sizeof(Descriptor), children.first + i * children.step);
    }
  }
  machine.dsb_ishst();
  if (entry.mapped()) {
    TlbDebt debt{vm.vmid(), vm.root};
    machine.store(entry.slot, 0);
    debt.add(align_down(gfn.value(), entry_pages(entry.level)), entry.level);
    debt.settle(machine);
  }
  machine.store(entry.slot, arm64::s2::make_table(table));
  machine.dsb_ishst();
  const Level child = next_level(entry.level);
  const Pa slot = table_slot(table, child, gfn.value());
  return GuestEntry{slot, child, machine.load(slot)};
}

}  // namespace detail

// The entry for `gfn` at `target` or where the tree is deeper already. The pool holds tables_needed(entry, target).
template <Machine M>
[[nodiscard]] auto guest_descend(M& machine, Vm& vm, GuestEntry entry, Gfn gfn, Level target) noexcept -> GuestEntry {
  for (unsigned i = 0; i < number_of(Level::L3) && entry.level < target; ++i) {
    entry = detail::split_guest_entry(machine, vm, entry, gfn);
  }
  return entry;
}

// Maps 1 or kBlockPages pages at an unmapped `gfn` whose walk ends at `entry`. Where a level-3 table is in the way of a
// block, its 512 entries are filled instead.
template <Machine M>
void guest_map(M& machine, Vm& vm, GuestEntry entry, Gfn gfn, Pfn pfn, std::uint64_t pages,
               Descriptor attributes) noexcept {
  entry = guest_descend(machine, vm, entry, gfn, pages == kBlockPages ? Level::L2 : Level::L3);
  const std::uint64_t entries = entry.level == Level::L3 ? pages : 1;
  for (std::uint64_t i = 0; i < kBlockPages && i < entries; ++i) {
    machine.store(slot_after(entry, i), arm64::s2::make_leaf(pfn + i, entry.level, attributes));
  }
  machine.dsb_ishst();
  vm.mapped_pages += pages;
}

// All 512 entries of the level-3 table at whose first entry `entry` is, or the single entry above level 3, are unmapped
// and have this RIPAS. EXISTS if one is mapped, PERM if one differs.
template <Machine M>
[[nodiscard]] auto guest_unmapped(M& machine, const GuestEntry& entry, std::uint64_t pages, Ripas ripas) noexcept
    -> Result<> {
  const std::uint64_t entries = entry.level == Level::L3 ? pages : 1;
  for (std::uint64_t i = 0; i < kBlockPages && i < entries; ++i) {
    const Descriptor desc = machine.load(slot_after(entry, i));
    if (arm64::s2::valid(desc)) return Unexpected{Error::EXISTS};
    if (ripas_of_invalid(desc) != ripas) return Unexpected{Error::PERM};
  }
  return {};
}

}  // namespace redoubt::core
