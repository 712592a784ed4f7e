// SPDX-License-Identifier: Apache-2.0
// PAGE_RECLAIM: the pages of a dead VM go back to the host, wiped.
#pragma once

#include <cstdint>

#include "core/ownership/hyp_share.hpp"
#include "core/ownership/page_moves.hpp"

namespace redoubt::core {

namespace detail {

// The page held a vCPU's registers: the vCPU is gone, and its run page is wholly the host's again.
template <Machine M>
void drop_vcpu_of(Core<M>& core, Vm& vm, Pfn state) noexcept {
  for (Vcpu& vcpu : vm.vcpus) {
    if (!vcpu.exists || vcpu.state != state) continue;
    static_cast<void>(host_unshare_hyp(core, vcpu.run));
    vcpu = Vcpu{};
    --vm.created_vcpus;
  }
}

// What may go back now: INVALID: not RAM. PERM: not a page of a dead VM. BUSY: EL2 still needs it to find others.
template <Machine M>
[[nodiscard]] auto check_reclaim(const Core<M>& core, Pfn pfn) noexcept -> Result<PageDb::Place> {
  const auto place = core.pages.find(pfn);
  if (!place) return Unexpected{Error::INVALID};
  const PageEntry entry = core.pages.at(place->page);
  if (entry.owner() == Owner::host || entry.pinned()) return Unexpected{Error::PERM};
  const Vm& vm = core.vms.at(entry.slot());
  if (vm.state != VmState::dead) return Unexpected{Error::PERM};
  if (entry.owner() == Owner::hyp && vm.mapped_pages != 0) return Unexpected{Error::BUSY};
  return *place;
}

// A guest page needs no TLBI and no sync_icache: vm_teardown did both for the VMID and it never runs again.
template <Machine M>
void reclaim_page(Core<M>& core, const PageDb::Place& place, Pfn pfn) noexcept {
  const PageEntry entry = core.pages.at(place.page);
  Vm& vm = core.vms.at(entry.slot());
  if (entry.owner() == Owner::hyp) {
    drop_vcpu_of(core, vm, pfn);
    core.machine.unmap_hyp(pfn);
    --vm.meta_pages;
    --core.counters.hyp_pages;
  } else {
    --vm.mapped_pages;
    --core.counters.guest_pages;
  }
  give_to_host(core, place, pfn, 1);
}

// The 512 frames of an aligned block that all belong to one dead guest: they go back in one piece.
template <Machine M>
[[nodiscard]] auto find_dead_block(const Core<M>& core, Pfn first) noexcept -> Result<PageDb::Place> {
  const auto place = aligned(first.value(), kBlockPages) ? core.pages.find_block(first) : std::nullopt;
  if (!place) return Unexpected{Error::INVALID};
  const PageEntry entry = core.pages.at(place->page).with_decoy(false);
  if (entry.owner() != Owner::guest || core.vms.at(entry.slot()).state != VmState::dead) return Unexpected{Error::PERM};
  for (const PageEntry other : core.pages.run(place->page, kBlockPages)) {
    if (other.with_decoy(false) != entry) return Unexpected{Error::PERM};
  }
  return *place;
}

template <Machine M>
void reclaim_block(Core<M>& core, const PageDb::Place& place, Pfn first) noexcept {
  core.vms.at(core.pages.at(place.page).slot()).mapped_pages -= kBlockPages;
  core.counters.guest_pages -= kBlockPages;
  give_to_host(core, place, first, kBlockPages);
}

}  // namespace detail

// Returns up to `pages` (1..512) pages from `first` on to the host; stops at the first that is not one to return, and
// reports that page's error if none was done. INVALID; PERM; BUSY (see check_reclaim).
template <Machine M>
[[nodiscard]] auto page_reclaim(Core<M>& core, Pfn first, std::uint64_t pages) noexcept -> Result<std::uint64_t> {
  if (pages == 0 || pages > kBlockPages) return Unexpected{Error::INVALID};
  if (pages == kBlockPages) {
    if (const auto block = detail::find_dead_block(core, first); block) {
      detail::reclaim_block(core, *block, first);
      return pages;
    }
  }
  for (std::uint64_t i = 0; i < kBlockPages && i < pages; ++i) {
    const auto place = detail::check_reclaim(core, first + i);
    if (!place && i == 0) return Unexpected{place.error()};
    if (!place) return i;
    detail::reclaim_page(core, *place, first + i);
  }
  return pages;
}

}  // namespace redoubt::core
