// SPDX-License-Identifier: Apache-2.0
// Private guest frames become RAM: before finalise by the host (VM_SET_RAM), later by the guest (RSI_IPA_STATE_SET RAM),
// in which case what the host shows at the shared alias goes first.
#pragma once

#include <cstdint>

#include "core/ownership/borrow.hpp"
#include "core/ownership/guest_range.hpp"

namespace redoubt::core {

namespace detail {

// The first frame in [gfn, stop) whose level-3 entry is DESTROYED, or stop.
template <Machine M>
[[nodiscard]] auto first_destroyed(M& machine, const GuestEntry& entry, Gfn gfn, Gfn stop) noexcept -> Gfn {
  for (std::uint64_t i = 0; i < kBlockPages && gfn + i < stop; ++i) {
    const Descriptor desc = machine.load(slot_after(entry, i));
    if (!arm64::s2::valid(desc) && ripas_of_invalid(desc) == Ripas::destroyed) return gfn + i;
  }
  return stop;
}

// Frames that one step of guest_claim makes RAM: 1 GiB if nothing is in either half there, otherwise inside one block.
template <Machine M>
[[nodiscard]] auto claim_step(Core<M>& core, const Vm& vm, const GuestEntry& entry, Gfn gfn, Gfn end) noexcept -> Gfn {
  if (entry.level == Level::L1 && largest_level(gfn, end) == Level::L1) {
    const GuestEntry alias = guest_walk(core.machine, vm, gfn + vm.private_frames());
    if (alias.level == Level::L1) return end_of(entry, gfn);
  }
  return lower(end_of_block(gfn), end);
}

template <Machine M>
[[nodiscard]] auto claim_needs_tables(Core<M>& core, const Vm& vm, const GuestEntry& entry, Gfn gfn, Gfn stop) noexcept
    -> std::uint32_t {
  const Gfn alias = gfn + vm.private_frames();
  const Gfn alias_stop = lower(end_of_block(alias), stop + vm.private_frames());
  return tables_needed(entry, largest_level(gfn, stop)) + return_needs_table(core, vm, alias, alias_stop);
}

// [gfn, stop) is one step: removes the shared alias and its TLB entries, then sets RIPAS.
template <Machine M>
void claim_frames(Core<M>& core, Vm& vm, GuestEntry entry, Gfn gfn, Gfn stop) noexcept {
  TlbDebt debt{vm.vmid(), vm.root};
  const Gfn alias = gfn + vm.private_frames();
  const Gfn alias_stop = lower(end_of_block(alias), stop + vm.private_frames());
  static_cast<void>(return_borrowed(core, vm, alias, alias_stop, debt));
  debt.settle(core.machine);
  entry = guest_descend(core.machine, vm, entry, gfn, largest_level(gfn, stop));
  set_ripas(core.machine, entry, entry.level == Level::L3 ? stop.value() - gfn.value() : 1, Ripas::ram);
}

// Makes [gfn, end) RAM, as far as one call may work and the pool's tables allow.
template <Machine M>
[[nodiscard]] auto claim_range(Core<M>& core, Vm& vm, Gfn gfn, Gfn end, bool destroyed_ok) noexcept -> GuestProgress {
  for (std::uint64_t work = 0; work < kMaxRangeWork && gfn < end; ++work) {
    const GuestEntry entry = guest_walk(core.machine, vm, gfn);
    if (entry.level != Level::L3 && entry.ripas() == Ripas::ram) {
      gfn = lower(end_of(entry, gfn), end);
      continue;
    }
    Gfn stop = claim_step(core, vm, entry, gfn, end);
    if (!destroyed_ok) {
      if (entry.level == Level::L3) stop = first_destroyed(core.machine, entry, gfn, stop);
      if (stop == gfn || entry.ripas() == Ripas::destroyed) break;
    }
    const std::uint32_t tables = claim_needs_tables(core, vm, entry, gfn, stop);
    if (tables > vm.pool.size()) return GuestProgress{gfn, tables};
    claim_frames(core, vm, entry, gfn, stop);
    if (largest_level(gfn, stop) == Level::L3 || entry.level == Level::L3) work += stop.value() - gfn.value();
    gfn = stop;
  }
  return GuestProgress{gfn, 0};
}

}  // namespace detail

// VM_SET_RAM: the host declares what is RAM while it builds the VM; what it shared at the alias goes. Answers the pages
// done; fewer than asked: call again, after VM_TOPUP if the pool is empty.
// NOT_FOUND; DEAD; FROZEN: finalised; PERM: not protected; INVALID; NO_MEMORY: none done for lack of tables.
template <Machine M>
[[nodiscard]] auto vm_set_ram(Core<M>& core, VmHandle handle, Gfn first, std::uint64_t pages) noexcept
    -> Result<std::uint64_t> {
  RD_TRY_ASSIGN(vm, core.vms.find_alive(handle));
  if (vm->state != VmState::building) return Unexpected{Error::FROZEN};
  RD_TRY_ASSIGN(range, GfnRange::make(first, pages, kFrameLimit));
  RD_TRY(check_private(*vm, first, range.end()));
  const GuestProgress progress = detail::claim_range(core, *vm, first, range.end(), true);
  if (progress.reached == first) return Unexpected{Error::NO_MEMORY};
  return progress.reached.value() - first.value();
}

// The guest makes [first, end) of the private half RAM, as far as one call may work. Stops at a DESTROYED page unless the
// guest accepts the loss of its content (destroyed_ok). NOT_FOUND; DEAD; PERM: not protected; INVALID.
template <Machine M>
[[nodiscard]] auto guest_claim(Core<M>& core, VmHandle handle, Gfn first, Gfn end, bool destroyed_ok) noexcept
    -> Result<GuestProgress> {
  RD_TRY_ASSIGN(vm, core.vms.find_alive(handle));
  RD_TRY(check_private(*vm, first, end));
  return detail::claim_range(core, *vm, first, end, destroyed_ok);
}

}  // namespace redoubt::core
