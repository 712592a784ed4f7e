// SPDX-License-Identifier: Apache-2.0
// Host pages that EL2 maps too: the run pages of vCPUs, and for a moment the target of LOG_READ. The host keeps the page
// and its content, but cannot give it away or lend it meanwhile.
#pragma once

#include "core/ownership/page_moves.hpp"

namespace redoubt::core {

// INVALID: not RAM; PERM: not exclusively the host's; NO_MEMORY: EL2's own tables.
template <Machine M>
[[nodiscard]] auto host_share_hyp(Core<M>& core, Pfn pfn) noexcept -> Result<> {
  RD_TRY_ASSIGN(place, find_exclusive(core, pfn));
  RD_TRY(core.machine.map_hyp(pfn));
  core.pages.set(place.page, PageEntry{}.with_hyp_shared(true));
  return {};
}

// Only for a page that host_share_hyp shared. INVALID: not RAM; PERM: not shared.
template <Machine M>
[[nodiscard]] auto host_unshare_hyp(Core<M>& core, Pfn pfn) noexcept -> Result<> {
  const auto place = core.pages.find(pfn);
  if (!place) return Unexpected{Error::INVALID};
  if (!core.pages.at(place->page).hyp_shared()) return Unexpected{Error::PERM};
  core.machine.unmap_hyp(pfn);
  core.pages.set(place->page, PageEntry{});
  return {};
}

}  // namespace redoubt::core
