// SPDX-License-Identifier: Apache-2.0
// The guest gives private memory up (RSI_IPA_STATE_SET EMPTY): content is destroyed, pages go back to the host.
#pragma once

#include <cstdint>

#include "core/ownership/borrow.hpp"
#include "core/ownership/guest_range.hpp"
#include "core/ownership/page_moves.hpp"

namespace redoubt::core {

namespace detail {

template <Machine M>
void return_private(Core<M>& core, Vm& vm, Pfn pfn, std::uint64_t pages) noexcept {
  const auto place = core.pages.find(pfn);
  if (!place) return;  // an owned leaf maps RAM
  give_to_host(core, *place, pfn, pages);
  vm.mapped_pages -= pages;
  core.counters.guest_pages -= pages;
}

// One whole entry of level 1 or 2.
template <Machine M>
void release_entry(Core<M>& core, Vm& vm, const GuestEntry& entry, Gfn gfn) noexcept {
  TlbDebt debt{vm.vmid(), vm.root};
  core.machine.store(entry.slot, invalid_with(Ripas::empty));
  if (entry.mapped()) debt.add(gfn.value(), entry.level);
  debt.settle(core.machine);
  core.machine.sync_icache();
  if (entry.mapped()) return_private(core, vm, arm64::s2::frame_of(entry.desc), kBlockPages);
}

// `count` level-3 entries. Between the passes an entry is invalid but still holds its frame (hardware ignores all other
// bits of an invalid descriptor), so that one TLB invalidation serves all of them.
template <Machine M>
void release_pages(Core<M>& core, Vm& vm, const GuestEntry& entry, Gfn gfn, std::uint64_t count) noexcept {
  TlbDebt debt{vm.vmid(), vm.root};
  for (std::uint64_t i = 0; i < kBlockPages && i < count; ++i) {
    const Pa slot = slot_after(entry, i);
    const Descriptor desc = core.machine.load(slot);
    if (!arm64::s2::valid(desc)) continue;
    core.machine.store(slot, arm64::s2::Valid::set(desc, 0));
    debt.add(gfn.value() + i, Level::L3);
  }
  debt.settle(core.machine);
  core.machine.sync_icache();
  for (std::uint64_t i = 0; i < kBlockPages && i < count; ++i) {
    const Pa slot = slot_after(entry, i);
    const Descriptor desc = core.machine.load(slot);
    if (owned_leaf(desc)) return_private(core, vm, arm64::s2::frame_of(desc), 1);
    core.machine.store(slot, invalid_with(Ripas::empty));
  }
}

}  // namespace detail

// Makes [first, end) of the private half EMPTY, as far as one call may work and the pool's tables allow.
// NOT_FOUND; DEAD; PERM: not protected; INVALID.
template <Machine M>
[[nodiscard]] auto guest_release(Core<M>& core, VmHandle handle, Gfn first, Gfn end) noexcept -> Result<GuestProgress> {
  RD_TRY_ASSIGN(vm, core.vms.find_alive(handle));
  RD_TRY(check_private(*vm, first, end));
  Gfn gfn = first;
  for (std::uint64_t work = 0; work < kMaxRangeWork && gfn < end; ++work) {
    GuestEntry entry = guest_walk(core.machine, *vm, gfn);
    if (entry.level != Level::L3 && entry.ripas() == Ripas::empty) {
      gfn = lower(end_of(entry, gfn), end);
      continue;
    }
    const Level target = largest_level(gfn, end);
    const std::uint32_t tables = tables_needed(entry, target);
    if (tables > vm->pool.size()) return GuestProgress{gfn, tables};
    entry = guest_descend(core.machine, *vm, entry, gfn, target);
    if (entry.level != Level::L3) {
      detail::release_entry(core, *vm, entry, gfn);
      if (entry.mapped()) work += kBlockPages;
      gfn = end_of(entry, gfn);
    } else {
      const Gfn stop = lower(end_of_block(gfn), end);
      detail::release_pages(core, *vm, entry, gfn, stop.value() - gfn.value());
      work += stop.value() - gfn.value();
      gfn = stop;
    }
  }
  return GuestProgress{gfn, 0};
}

}  // namespace redoubt::core
