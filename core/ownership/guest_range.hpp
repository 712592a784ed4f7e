// SPDX-License-Identifier: Apache-2.0
// What calls over long ranges of private guest frames have in common: their checks, their caps and their answer.
#pragma once

#include <cstdint>

#include "core/core.hpp"
#include "core/stage2/guest_walk.hpp"

namespace redoubt::core {

// Entries that one call may visit before it reports progress; the last step may add up to kBlockPages.
inline constexpr std::uint64_t kMaxRangeWork = 512;

// How far a call got. reached < end: call again from there; if tables_needed is not 0, after that many VM_TOPUPs.
struct GuestProgress {
  Gfn reached;
  std::uint32_t tables_needed = 0;
};

// PERM: not a protected VM. INVALID: empty, or not inside the private half.
[[nodiscard]] inline auto check_private(const Vm& vm, Gfn first, Gfn end) noexcept -> Result<> {
  if (!vm.prot) return Unexpected{Error::PERM};
  if (first >= end || end.value() > vm.private_frames()) return Unexpected{Error::INVALID};
  return {};
}

[[nodiscard]] constexpr auto lower(Gfn a, Gfn b) noexcept -> Gfn { return a < b ? a : b; }

// Gives every unmapped entry of a level-3 run, or one larger entry, this RIPAS.
template <Machine M>
void set_ripas(M& machine, const GuestEntry& entry, std::uint64_t entries, Ripas ripas) noexcept {
  for (std::uint64_t i = 0; i < kBlockPages && i < entries; ++i) {
    const Pa slot = slot_after(entry, i);
    if (!arm64::s2::valid(machine.load(slot))) machine.store(slot, invalid_with(ripas));
  }
}

}  // namespace redoubt::core
