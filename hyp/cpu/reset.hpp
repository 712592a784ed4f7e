// SPDX-License-Identifier: Apache-2.0
// Nothing of a guest survives the machine's reset: guests' and EL2's pages are wiped before a power call is made, and a
// marker in a fixed page of RAM tells the next boot whether that happened.
#pragma once

#include <cstdint>

#include "arch/arm64_defs/smccc.hpp"
#include "base/addr.hpp"
#include "hyp/log/panic.hpp"

namespace redoubt::hyp {

// SYSTEM_OFF, SYSTEM_RESET, SYSTEM_RESET2, SYSTEM_OFF2 of the host with its arguments. Returns, with the machine as it
// was, only what firmware would refuse: a PSCI status. Otherwise the machine is wiped and goes; no CPU uses EL2 again.
[[nodiscard]] auto reset_machine(arm64::Fid call, std::uint64_t type, std::uint64_t cookie) noexcept -> std::uint64_t;

// What the previous run left behind, as far as the marker and the firmware tell.
enum class LastRun : std::uint8_t {
  CLEARED,  // its memory was wiped, by EL2 or by the firmware
  NO_SIGN,  // the marker page is zero: RAM fresh from power-on, or somebody zeroed that page
  DIRTY,    // it ended without wiping, or the page holds something else
};

inline constexpr std::uint64_t kMarkerDirty = 0x5265'646f'7562'7401;
inline constexpr std::uint64_t kMarkerClean = 0x5265'646f'7562'74ff;

// `word`: the first of the marker page; `zero`: all of the page is; `protected_before`: MEM_PROTECT was on, so that the
// firmware has overwritten memory since (PSCI, DEN0022 5.1.17).
[[nodiscard]] constexpr auto last_run(std::uint64_t word, bool zero, bool protected_before) noexcept -> LastRun {
  if (protected_before || word == kMarkerClean) return LastRun::CLEARED;
  return zero ? LastRun::NO_SIGN : LastRun::DIRTY;
}

static_assert(last_run(kMarkerClean, false, false) == LastRun::CLEARED);
static_assert(last_run(kMarkerDirty, false, false) == LastRun::DIRTY);
static_assert(last_run(kMarkerDirty, false, true) == LastRun::CLEARED);
static_assert(last_run(0, true, false) == LastRun::NO_SIGN && last_run(0, false, false) == LastRun::DIRTY);
static_assert(last_run(kMarkerClean ^ 1, false, false) == LastRun::DIRTY);

// Boot: reads what the previous run left in the marker page, sets it to DIRTY, and asks firmware that can to overwrite
// memory should this run end without EL2.
[[nodiscard]] auto arm_reset_marker(std::uint64_t marker_va) noexcept -> LastRun;

// This CPU is needed no more: a reset waits until those that ran guests have come here.
[[noreturn]] void stop_for_good() noexcept;

// First on every entry to EL2: does not return while a reset is under way, or after another CPU's panic.
inline void stop_if_resetting() noexcept {
  if (el2_closed.load(std::memory_order_relaxed)) [[unlikely]]
    stop_for_good();
}

}  // namespace redoubt::hyp
