// SPDX-License-Identifier: Apache-2.0
// Questions about a guest's memory that EL2 asks while it handles an abort or a guest call. They change nothing.
#pragma once

#include <cstdint>

#include "core/ownership/guest_range.hpp"

namespace redoubt::core {

struct RipasRun {
  Gfn end;  // first frame whose RIPAS differs, or where the search stopped
  Ripas ripas = Ripas::empty;
};

// RSI_IPA_STATE_GET: the run of equal RIPAS that starts at `first`. NOT_FOUND; DEAD; PERM: not protected; INVALID.
template <Machine M>
[[nodiscard]] auto guest_ripas(Core<M>& core, VmHandle handle, Gfn first, Gfn end) noexcept -> Result<RipasRun> {
  RD_TRY_ASSIGN(vm, core.vms.find_alive(handle));
  RD_TRY(check_private(*vm, first, end));
  const Ripas ripas = guest_walk(core.machine, *vm, first).ripas();
  Gfn gfn = first;
  for (std::uint64_t work = 0; work < kMaxRangeWork && gfn < end; ++work) {
    const GuestEntry entry = guest_walk(core.machine, *vm, gfn);
    if (entry.ripas() != ripas) break;
    gfn = lower(end_of(entry, gfn), end);
  }
  return RipasRun{gfn, ripas};
}

struct GuestPage {
  bool mapped = false;
  bool owned = false;          // private page; otherwise borrowed from the host. Only if mapped
  bool shared_half = false;    // the shared half of a protected VM, or any frame of an ordinary one
  Pfn pfn;                     // only if mapped
  Prot prot = Prot::rwx();     // only if mapped
  Ripas ripas = Ripas::empty;  // private half only
};

// What is at one guest frame. A fault on a mapped page with the right it needs is spurious: retry.
// NOT_FOUND; DEAD; INVALID: beyond the IPA space.
template <Machine M>
[[nodiscard]] auto guest_page(Core<M>& core, VmHandle handle, Gfn gfn) noexcept -> Result<GuestPage> {
  RD_TRY_ASSIGN(vm, core.vms.find_alive(handle));
  if (gfn.value() >= vm->frames()) return Unexpected{Error::INVALID};
  const GuestEntry entry = guest_walk(core.machine, *vm, gfn);
  GuestPage page{};
  page.shared_half = gfn.value() >= vm->private_frames();
  if (!page.shared_half) page.ripas = entry.ripas();
  if (entry.mapped()) {
    page.mapped = true;
    page.owned = owned_leaf(entry.desc);
    page.pfn = frame_at(entry, gfn);
    page.prot = Prot::of_leaf(entry.desc);
  }
  return page;
}

}  // namespace redoubt::core
