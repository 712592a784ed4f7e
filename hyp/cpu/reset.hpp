// SPDX-License-Identifier: Apache-2.0
// Nothing of a guest survives the machine's reset: guests' and EL2's pages are wiped before a power call is relayed, and a
// marker in the carve-out tells the next boot whether that happened.
#pragma once

#include <cstdint>

#include "base/addr.hpp"
#include "hyp/log/panic.hpp"

namespace redoubt::hyp {

// Stops every other CPU at EL2, wipes every page that a guest or EL2 owns, then clears the marker. Returns with the
// calling CPU ready to make the firmware call.
void prepare_for_reset() noexcept;

enum class LastShutdown : std::uint8_t { COLD_BOOT, CLEAN, DIRTY };

// Boot: reads what the previous run left in the marker page and sets it to DIRTY.
[[nodiscard]] auto arm_reset_marker(std::uint64_t marker_va) noexcept -> LastShutdown;

// This CPU is needed no more: a reset waits until those that ran guests have come here.
[[noreturn]] void stop_for_good() noexcept;

// First on every entry to EL2: does not return while a reset is under way, or after another CPU's panic.
inline void stop_if_resetting() noexcept {
  if (el2_closed.load(std::memory_order_relaxed)) [[unlikely]]
    stop_for_good();
}

}  // namespace redoubt::hyp
