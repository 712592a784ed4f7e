// SPDX-License-Identifier: Apache-2.0
// Shared by the parts of the specification.
#pragma once

#include "proofs/explorer/spec.hpp"

namespace redoubt::explorer {

struct Found {
  long status = 0;
  unsigned slot = 0;
};

// Handles are (1 << 8 | slot) as long as a slot's VM lives; the explorer normalises generations.
[[nodiscard]] inline auto find(const SpecState& state, std::uint64_t handle) -> Found {
  for (unsigned slot = 0; slot < kSpecVms; ++slot) {
    if (handle == (0x100U | slot) && state.vms[slot].life != Life::free) return {0, slot};
  }
  return {RD_E_NOT_FOUND, 0};
}

[[nodiscard]] inline auto find_alive(const SpecState& state, std::uint64_t handle) -> Found {
  const Found found = find(state, handle);
  if (found.status != 0) return found;
  const Life life = state.vms[found.slot].life;
  if (life == Life::stopped || life == Life::dead) return {RD_E_DEAD, found.slot};
  return found;
}

[[nodiscard]] inline auto is_ram(std::uint64_t pfn) -> bool {
  return pfn >= kFirstFrame && pfn < kFirstFrame + kSpecPages;
}
[[nodiscard]] inline auto number_of(std::uint64_t pfn) -> std::uint8_t {
  return static_cast<std::uint8_t>(pfn - kFirstFrame);
}
[[nodiscard]] inline auto page_of(SpecState& state, std::uint64_t pfn) -> SpecPage& {
  return state.pages[number_of(pfn)];
}
[[nodiscard]] inline auto page_of(const SpecState& state, std::uint64_t pfn) -> const SpecPage& {
  return state.pages[number_of(pfn)];
}
[[nodiscard]] inline auto exclusive(const SpecPage& page) -> bool {
  return page.kind == Kind::host && page.borrows == 0 && !page.run;
}
// The answer every call gives for a page that must be exclusively the host's; 0 if it is.
[[nodiscard]] inline auto exclusive_status(const SpecState& state, std::uint64_t pfn) -> long {
  if (!is_ram(pfn)) return RD_E_INVALID;
  return exclusive(page_of(state, pfn)) ? 0 : long{RD_E_PERM};
}

[[nodiscard]] auto spec_donate(SpecState& state, const Request& r) -> Outcome;
[[nodiscard]] auto spec_share(SpecState& state, const Request& r) -> Outcome;
[[nodiscard]] auto spec_unshare(SpecState& state, const Request& r) -> Outcome;
[[nodiscard]] auto spec_set_ram(SpecState& state, const Request& r) -> Outcome;
[[nodiscard]] auto spec_range(SpecState& state, const Request& r) -> Outcome;
[[nodiscard]] auto spec_page(const SpecState& state, const Request& r) -> Outcome;

}  // namespace redoubt::explorer
