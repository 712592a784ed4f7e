// SPDX-License-Identifier: Apache-2.0
// Calls to the firmware at EL3 (SMCCC, Arm DEN0028).
#pragma once

#include <cstdint>

namespace redoubt::arm64 {

struct SmcResult {
  std::uint64_t x0, x1, x2, x3;
};

// SMCCC 1.0 registers: x0..x3 results, x4..x17 may change.
[[nodiscard]] inline auto smc4(std::uint64_t fid, std::uint64_t a1, std::uint64_t a2, std::uint64_t a3) noexcept
    -> SmcResult {
  register std::uint64_t x0 asm("x0") = fid;
  register std::uint64_t x1 asm("x1") = a1;
  register std::uint64_t x2 asm("x2") = a2;
  register std::uint64_t x3 asm("x3") = a3;
  asm volatile("smc #0"
               : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
               :
               : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory");
  return SmcResult{x0, x1, x2, x3};
}

[[nodiscard]] inline auto smc(std::uint64_t fid, std::uint64_t a1, std::uint64_t a2, std::uint64_t a3) noexcept
    -> std::uint64_t {
  return smc4(fid, a1, a2, a3).x0;
}

}  // namespace redoubt::arm64
