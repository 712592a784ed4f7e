// SPDX-License-Identifier: Apache-2.0
// Counting the guest mappings of host pages, and taking such mappings away inside one 2 MiB block of guest frames.
#pragma once

#include <cstdint>

#include "core/core.hpp"
#include "core/stage2/guest_edit.hpp"

namespace redoubt::core {

// The caller has checked that no count is at kMaxBorrows.
template <Machine M>
void borrow_pages(Core<M>& core, const PageDb::Place& place, std::uint64_t pages) noexcept {
  for (PageEntry& entry : core.pages.run(place.page, pages)) entry = entry.with_borrows(entry.borrows() + 1);
  core.counters.borrowed_pages += pages;
}

namespace detail {

// One mapping less for each page; the leaf proves that they are RAM and borrowed.
template <Machine M>
void unborrow_pages(Core<M>& core, Vm& vm, Pfn first, std::uint64_t pages) noexcept {
  const auto place = core.pages.find(first);
  if (!place) return;
  for (PageEntry& entry : core.pages.run(place->page, pages)) entry = entry.with_borrows(entry.borrows() - 1);
  core.counters.borrowed_pages -= pages;
  vm.mapped_pages -= pages;
}

}  // namespace detail

[[nodiscard]] inline auto end_of_block(Gfn gfn) noexcept -> Gfn {
  return Gfn{align_down(gfn.value(), kBlockPages) + kBlockPages};
}

// Tables that return_borrowed takes from the pool: 1 if a part of a borrowed block is meant. [gfn, end) in one block.
template <Machine M>
[[nodiscard]] auto return_needs_table(Core<M>& core, const Vm& vm, Gfn gfn, Gfn end) noexcept -> std::uint32_t {
  const GuestEntry entry = guest_walk(core.machine, vm, gfn);
  if (!entry.mapped() || owned_leaf(entry.desc)) return 0;
  return tables_needed(entry, largest_level(gfn, end));
}

// Unmaps what the VM borrows in [gfn, end), inside one block; answers how many pages. The debt falls to the caller.
template <Machine M>
[[nodiscard]] auto return_borrowed(Core<M>& core, Vm& vm, Gfn gfn, Gfn end, RD_DEBT_OWED TlbDebt& debt) noexcept
    -> std::uint64_t {
  GuestEntry entry = guest_walk(core.machine, vm, gfn);
  if (entry.level != Level::L3) {
    if (!entry.mapped() || owned_leaf(entry.desc)) return 0;
    entry = guest_descend(core.machine, vm, entry, gfn, largest_level(gfn, end));
  }
  const std::uint64_t pages = entry_pages(entry.level);
  const std::uint64_t entries = entry.level == Level::L3 ? end.value() - gfn.value() : 1;
  std::uint64_t done = 0;
  for (std::uint64_t i = 0; i < kBlockPages && i < entries; ++i) {
    const Descriptor desc = core.machine.load(slot_after(entry, i));
    if (!arm64::s2::valid(desc) || owned_leaf(desc)) continue;
    core.machine.store(slot_after(entry, i), invalid_with(Ripas::empty));
    debt.add(gfn.value() + i, entry.level);
    detail::unborrow_pages(core, vm, arm64::s2::frame_of(desc), pages);
    done += pages;
  }
  return done;
}

}  // namespace redoubt::core
