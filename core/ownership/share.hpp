// SPDX-License-Identifier: Apache-2.0
// MEM_SHARE, MEM_UNSHARE: a VM borrows pages that stay the host's.
#pragma once

#include <cstdint>

#include "core/ownership/borrow.hpp"
#include "core/ownership/donate.hpp"

namespace redoubt::core {

namespace detail {

// RAM that the host may lend (INVALID / PERM) and whose borrow count has room (BUSY); 1 page or a block.
template <Machine M>
[[nodiscard]] auto find_lendable(const Core<M>& core, Pfn first, std::uint64_t pages) noexcept
    -> Result<PageDb::Place> {
  const auto place = pages == 1 ? core.pages.find(first) : core.pages.find_block(first);
  if (!place) return Unexpected{Error::INVALID};
  bool full = false;
  for (const PageEntry entry : core.pages.run(place->page, pages)) {
    if (!entry.lendable()) return Unexpected{Error::PERM};
    full = full || entry.borrows() == PageEntry::kMaxBorrows;
  }
  if (full) return Unexpected{Error::BUSY};
  return *place;
}

// A protected VM borrows only in the shared half, and only where the private alias is EMPTY: a guest page is never
// reachable in both halves.
template <Machine M>
[[nodiscard]] auto check_alias(Core<M>& core, const Vm& vm, Gfn gfn, std::uint64_t pages) noexcept -> Result<> {
  if (!vm.prot) return {};
  if (gfn.value() < vm.private_frames()) return Unexpected{Error::PERM};
  const GuestEntry alias = guest_walk(core.machine, vm, Gfn{gfn.value() - vm.private_frames()});
  if (!guest_unmapped(core.machine, alias, pages, Ripas::empty)) return Unexpected{Error::PERM};
  return {};
}

[[nodiscard]] inline auto rights(const Vm& vm, Prot prot) noexcept -> Prot {
  return vm.prot ? prot.without_execute() : prot;
}

}  // namespace detail

// Maps 1 host page, or an aligned block, into an ordinary VM or the shared half of a protected one (never executable
// there). NOT_FOUND; DEAD; INVALID; PERM: private half, alias not EMPTY, page; EXISTS; BUSY: 65535 borrows; NO_MEMORY.
template <Machine M>
[[nodiscard]] auto mem_share(Core<M>& core, VmHandle handle, Gfn gfn, Pfn pfn, std::uint64_t pages,
                             std::uint64_t prot_bits) noexcept -> Result<> {
  RD_TRY_ASSIGN(vm, core.vms.find_alive(handle));
  RD_TRY_ASSIGN(prot, Prot::make(prot_bits));
  RD_TRY(detail::check_run(*vm, gfn, pfn, pages));
  RD_TRY(detail::check_alias(core, *vm, gfn, pages));
  const GuestEntry entry = guest_walk(core.machine, *vm, gfn);
  RD_TRY(guest_unmapped(core.machine, entry, pages, Ripas::empty));
  RD_TRY_ASSIGN(place, detail::find_lendable(core, pfn, pages));
  const Level target = pages == kBlockPages ? Level::L2 : Level::L3;
  if (tables_needed(entry, target) > vm->pool.size()) return Unexpected{Error::NO_MEMORY};

  const Prot rights = detail::rights(*vm, prot);
  borrow_pages(core, place, pages);
  core.machine.clean(pfn, pages);
  if (rights.executable()) core.machine.sync_icache();
  guest_map(core.machine, *vm, entry, gfn, pfn, pages, guest_attributes(core.config.guest_fwb, rights, false));
  return {};
}

// Takes back what mem_share mapped in [gfn, gfn + pages), pages <= 512; what is not borrowed is skipped. Works for a VM in
// any state. NOT_FOUND; INVALID; NO_MEMORY: a part of a block is named and the pool has no table to split it.
template <Machine M>
[[nodiscard]] auto mem_unshare(Core<M>& core, VmHandle handle, Gfn gfn, std::uint64_t pages) noexcept
    -> Result<std::uint64_t> {
  RD_TRY_ASSIGN(vm, core.vms.find(handle));
  if (pages == 0 || pages > kBlockPages) return Unexpected{Error::INVALID};
  if (gfn.value() >= vm->frames() || pages > vm->frames() - gfn.value()) return Unexpected{Error::INVALID};
  if (vm->mapped_pages == 0) return std::uint64_t{0};  // a dead VM's tables may be gone by now
  const Gfn end = gfn + pages;
  const Gfn border = end_of_block(gfn) < end ? end_of_block(gfn) : end;
  const std::uint32_t tables =
      return_needs_table(core, *vm, gfn, border) + (border < end ? return_needs_table(core, *vm, border, end) : 0);
  if (tables > vm->pool.size()) return Unexpected{Error::NO_MEMORY};

  TlbDebt debt{vm->vmid(), vm->root};
  std::uint64_t done = return_borrowed(core, *vm, gfn, border, debt);
  if (border < end) done += return_borrowed(core, *vm, border, end, debt);
  debt.settle(core.machine);
  return done;
}

}  // namespace redoubt::core
