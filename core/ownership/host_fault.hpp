// SPDX-License-Identifier: Apache-2.0
// A stage-2 fault of the host on a page it does not own, when the accessor cannot take an abort (a kernel alias).
#pragma once

#include <cstdint>

#include "core/ownership/page_moves.hpp"

namespace redoubt::core {

enum class HostFault : std::uint8_t {
  inject,    // the address is not one the host may touch: give it an external abort
  decoy,     // the VM's decoy page is there now: retry the access
  spurious,  // another CPU changed the map meanwhile (a split in progress, a page returned): retry
};

// Is something mapped for the host at this page's address now? Then a translation fault there came from another CPU's
// break-before-make, which finished before the lock was free: retry, whatever the accessor.
template <Machine M>
[[nodiscard]] auto host_mapped(const Core<M>& core, Pfn pfn) noexcept -> bool {
  const auto place = core.pages.find(pfn);
  if (!place) return false;
  const PageEntry entry = core.pages.at(place->page);
  return entry.owner() == Owner::host || entry.decoy();
}

// Guest-owned page: shows the owner's decoy page there until the page returns.
template <Machine M>
[[nodiscard]] auto host_fault(Core<M>& core, Pfn pfn) noexcept -> HostFault {
  if (host_mapped(core, pfn)) return HostFault::spurious;
  const auto place = core.pages.find(pfn);
  if (!place) return HostFault::inject;
  const PageEntry entry = core.pages.at(place->page);
  if (entry.owner() != Owner::guest) return HostFault::inject;
  host_map_decoy(core.machine, core.host, place->block, pfn, core.vms.at(entry.slot()).decoy);
  core.pages.set(place->page, entry.with_decoy(true));
  ++core.counters.decoys;
  return HostFault::decoy;
}

}  // namespace redoubt::core
