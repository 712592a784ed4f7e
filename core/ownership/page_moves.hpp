// SPDX-License-Identifier: Apache-2.0
// The moves of pages between owners that the calls are made of. Each commits; the caller has checked.
#pragma once

#include <cstdint>

#include "core/core.hpp"
#include "core/stage2/host_map.hpp"

namespace redoubt::core {

// INVALID if `pfn` is not RAM, PERM if it is not exclusively the host's.
template <Machine M>
[[nodiscard]] auto find_exclusive(const Core<M>& core, Pfn pfn) noexcept -> Result<PageDb::Place> {
  const auto place = core.pages.find(pfn);
  if (!place) return Unexpected{Error::INVALID};
  if (!core.pages.at(place->page).host_exclusive()) return Unexpected{Error::PERM};
  return *place;
}

// As find_exclusive for 1 page or one aligned block of kBlockPages.
template <Machine M>
[[nodiscard]] auto find_exclusive(const Core<M>& core, Pfn first, std::uint64_t pages) noexcept
    -> Result<PageDb::Place> {
  if (pages == 1) return find_exclusive(core, first);
  const auto place = core.pages.find_block(first);
  if (!place) return Unexpected{Error::INVALID};
  for (const PageEntry entry : core.pages.run(place->page, pages)) {
    if (!entry.host_exclusive()) return Unexpected{Error::PERM};
  }
  return *place;
}

// Takes 1 page or a block from the host: when this returns no CPU can reach it through the host's stage 2.
template <Machine M>
void take_from_host(Core<M>& core, const PageDb::Place& place, Pfn first, std::uint64_t pages,
                    PageEntry entry) noexcept {
  TlbDebt debt{kHostVmid, core.host.root};
  if (pages == kBlockPages) {
    host_unmap_block(core.machine, core.host, place.block, first, debt);
  } else {
    host_unmap_page(core.machine, core.host, place.block, first, debt);
  }
  debt.settle(core.machine);
  for (PageEntry& each : core.pages.run(place.page, pages)) each = entry;
}

// Gives 1 page or a block to the host, wiped. Nothing else maps it any more.
template <Machine M>
void give_to_host(Core<M>& core, const PageDb::Place& place, Pfn first, std::uint64_t pages) noexcept {
  core.machine.wipe(first, pages);
  for (PageEntry& each : core.pages.run(place.page, pages)) each = PageEntry{};
  if (pages == kBlockPages) {
    host_map_block(core.machine, core.host, place.block, first);
  } else {
    host_map_page(core.machine, core.host, place.block, first);
  }
}

// Turns a page that map_hyp has mapped into one of the VM's meta pages, zeroed.
template <Machine M>
void take_meta(Core<M>& core, Vm& vm, const PageDb::Place& place, Pfn pfn) noexcept {
  take_from_host(core, place, pfn, 1, PageEntry::meta_of(vm.slot));
  core.machine.wipe(pfn, 1);
  ++vm.meta_pages;
  ++core.counters.hyp_pages;
}

}  // namespace redoubt::core
