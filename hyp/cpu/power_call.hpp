// SPDX-License-Identifier: Apache-2.0
// Which of the host's power calls a conforming firmware would carry out (PSCI, DEN0022 5.11, 5.13 and 5.22): EL2 must know
// before it wipes, because there is no way back.
#pragma once

#include <cstdint>

#include "arch/arm64_defs/smccc.hpp"

namespace redoubt::hyp {

// SYSTEM_OFF and SYSTEM_RESET must exist; of the others firmware is asked (PSCI_FEATURES).
[[nodiscard]] constexpr auto optional_power_call(arm64::Fid call) noexcept -> bool {
  return call != arm64::Fid::PSCI_SYSTEM_OFF && call != arm64::Fid::PSCI_SYSTEM_RESET;
}

[[nodiscard]] constexpr auto turns_off(arm64::Fid call) noexcept -> bool {
  return call == arm64::Fid::PSCI_SYSTEM_OFF || call == arm64::Fid::PSCI_SYSTEM_OFF2_32 ||
         call == arm64::Fid::PSCI_SYSTEM_OFF2_64;
}

// SYSTEM_RESET2: 0 is a warm reset, bit 31 marks a vendor's own. SYSTEM_OFF2: 0 and 1 both mean hibernation; no cookie.
[[nodiscard]] constexpr auto valid_power_arguments(arm64::Fid call, std::uint64_t type, std::uint64_t cookie) noexcept
    -> bool {
  if (!optional_power_call(call)) return true;
  if (turns_off(call)) return type <= 1 && cookie == 0;
  return type == 0 || (type >> 31) == 1;
}

static_assert(valid_power_arguments(arm64::Fid::PSCI_SYSTEM_RESET, ~0ULL, ~0ULL));
static_assert(valid_power_arguments(arm64::Fid::PSCI_SYSTEM_RESET2_64, 0, 5));
static_assert(valid_power_arguments(arm64::Fid::PSCI_SYSTEM_RESET2_32, 0x8000'0001, 5));
static_assert(!valid_power_arguments(arm64::Fid::PSCI_SYSTEM_RESET2_64, 1, 0));
static_assert(!valid_power_arguments(arm64::Fid::PSCI_SYSTEM_RESET2_64, 0x1'8000'0001, 0));
static_assert(valid_power_arguments(arm64::Fid::PSCI_SYSTEM_OFF2_64, 1, 0));
static_assert(!valid_power_arguments(arm64::Fid::PSCI_SYSTEM_OFF2_64, 2, 0));
static_assert(!valid_power_arguments(arm64::Fid::PSCI_SYSTEM_OFF2_32, 0, 1));

}  // namespace redoubt::hyp
