// SPDX-License-Identifier: Apache-2.0
// The EL1 virtual timer (CNTV, PPI 27).
#pragma once

#include <cstdint>

#include "arch/arm64/common/barrier.hpp"
#include "arch/arm64/common/sysreg_access.hpp"
#include "base/bits.hpp"

namespace redoubt::guest::timer {

namespace cntv_ctl {
using ENABLE = Field<0>;
using IMASK = Field<1>;
using ISTATUS = Field<2>;
}  // namespace cntv_ctl

[[nodiscard]] inline auto now() noexcept -> std::uint64_t {
  arm64::isb();
  return RD_READ_SYSREG(CNTVCT_EL0);
}
[[nodiscard]] inline auto frequency() noexcept -> std::uint64_t { return RD_READ_SYSREG(CNTFRQ_EL0); }
[[nodiscard]] inline auto ticks_of_ms(std::uint64_t milliseconds) noexcept -> std::uint64_t {
  return frequency() * milliseconds / 1000;
}
[[nodiscard]] inline auto ns_of(std::uint64_t ticks) noexcept -> std::uint64_t {
  return ticks * (1'000'000'000 / 1000) / (frequency() / 1000);
}

// Level is high from `deadline` (CNTVCT ticks) on, until stopped or moved.
inline void arm_at(std::uint64_t deadline) noexcept {
  RD_WRITE_SYSREG(CNTV_CVAL_EL0, deadline);
  RD_WRITE_SYSREG(CNTV_CTL_EL0, cntv_ctl::ENABLE::make(1));
  arm64::isb();
}
inline void stop() noexcept {
  RD_WRITE_SYSREG(CNTV_CTL_EL0, 0);
  arm64::isb();
}

// Spins until `condition` holds; false after `milliseconds`.
template <class Condition>
[[nodiscard]] auto wait_for(std::uint64_t milliseconds, Condition condition) noexcept -> bool {
  const std::uint64_t end = now() + ticks_of_ms(milliseconds);
  while (!condition()) {
    if (now() >= end) return condition();
  }
  return true;
}

inline void delay_ms(std::uint64_t milliseconds) noexcept {
  static_cast<void>(wait_for(milliseconds, [] { return false; }));
}

}  // namespace redoubt::guest::timer
