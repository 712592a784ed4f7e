// SPDX-License-Identifier: Apache-2.0
// MEM_DONATE, MEM_DONATE_IMAGE: host pages become private memory of a protected VM.
#pragma once

#include <concepts>
#include <cstdint>

#include "core/ownership/page_moves.hpp"
#include "core/stage2/guest_edit.hpp"

namespace redoubt::core {

namespace detail {

// pages is 1, or 512 with both ends aligned; the guest frames exist. INVALID otherwise.
[[nodiscard]] inline auto check_run(const Vm& vm, Gfn gfn, Pfn pfn, std::uint64_t pages) noexcept -> Result<> {
  if (pages != 1 && pages != kBlockPages) return Unexpected{Error::INVALID};
  if (!aligned(gfn.value() | pfn.value(), pages)) return Unexpected{Error::INVALID};
  if (gfn.value() >= vm.frames()) return Unexpected{Error::INVALID};  // a block cannot straddle: frames() is a multiple
  return {};
}

// Everything a donation needs before it may change anything.
struct DonatePlan {
  GuestEntry entry;
  PageDb::Place place;
};

template <Machine M>
[[nodiscard]] auto check_donate(Core<M>& core, const Vm& vm, Gfn gfn, Pfn pfn, std::uint64_t pages) noexcept
    -> Result<DonatePlan> {
  if (!vm.prot) return Unexpected{Error::PERM};
  RD_TRY(check_run(vm, gfn, pfn, pages));
  if (gfn.value() >= vm.private_frames()) return Unexpected{Error::INVALID};
  const GuestEntry entry = guest_walk(core.machine, vm, gfn);
  RD_TRY(guest_unmapped(core.machine, entry, pages, Ripas::ram));
  RD_TRY_ASSIGN(place, find_exclusive(core, pfn, pages));
  const Level target = pages == kBlockPages ? Level::L2 : Level::L3;
  if (tables_needed(entry, target) > vm.pool.size()) return Unexpected{Error::NO_MEMORY};
  return DonatePlan{entry, place};
}

template <Machine M>
void map_private(Core<M>& core, Vm& vm, const GuestEntry& entry, Gfn gfn, Pfn pfn, std::uint64_t pages) noexcept {
  core.machine.sync_icache();
  const Descriptor attributes = guest_attributes(core.config.guest_fwb, Prot::rwx(), true);
  guest_map(core.machine, vm, entry, gfn, pfn, pages, attributes);
  core.counters.guest_pages += pages;
}

}  // namespace detail

// Wipes 1 page, or one aligned 2 MiB block, of exclusively host-owned memory and makes it the guest's where RIPAS = RAM.
// NOT_FOUND; DEAD; PERM: not protected, RIPAS, page; INVALID; EXISTS: mapped already; NO_MEMORY: VM_TOPUP.
template <Machine M>
[[nodiscard]] auto mem_donate(Core<M>& core, VmHandle handle, Gfn gfn, Pfn pfn, std::uint64_t pages) noexcept
    -> Result<> {
  RD_TRY_ASSIGN(vm, core.vms.find_alive(handle));
  RD_TRY_ASSIGN(plan, detail::check_donate(core, *vm, gfn, pfn, pages));
  take_from_host(core, plan.place, pfn, pages, PageEntry::guest_of(vm->slot));
  core.machine.wipe(pfn, pages);
  detail::map_private(core, *vm, plan.entry, gfn, pfn, pages);
  return {};
}

// Donates one page with its content while the VM is being built. measure(Pfn) runs when the host cannot change the page
// any more and the guest cannot reach it yet. Also FROZEN: finalised; INVALID: not above the previous image page.
template <Machine M, std::invocable<Pfn> Measure>
[[nodiscard]] auto mem_donate_image(Core<M>& core, VmHandle handle, Gfn gfn, Pfn pfn, Measure&& measure) noexcept
    -> Result<> {
  RD_TRY_ASSIGN(vm, core.vms.find_alive(handle));
  if (vm->state != VmState::building) return Unexpected{Error::FROZEN};
  if (gfn < vm->next_image) return Unexpected{Error::INVALID};
  RD_TRY_ASSIGN(plan, detail::check_donate(core, *vm, gfn, pfn, 1));
  take_from_host(core, plan.place, pfn, 1, PageEntry::guest_of(vm->slot));
  core.machine.clean(pfn, 1);
  measure(pfn);
  detail::map_private(core, *vm, plan.entry, gfn, pfn, 1);
  vm->next_image = gfn + 1;
  return {};
}

}  // namespace redoubt::core
