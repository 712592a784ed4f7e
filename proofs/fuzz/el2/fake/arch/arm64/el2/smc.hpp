// SPDX-License-Identifier: Apache-2.0
// In place of the firmware at EL3: refuses everything, and says which call came.
#pragma once

#include <cstdint>

namespace redoubt::arm64 {

struct SmcResult {
  std::uint64_t x0, x1, x2, x3;
};

inline std::uint64_t last_firmware_call = 0;

[[nodiscard]] inline auto smc4(std::uint64_t fid, std::uint64_t, std::uint64_t, std::uint64_t) noexcept -> SmcResult {
  last_firmware_call = fid;
  return SmcResult{~std::uint64_t{0}, 0, 0, 0};
}
[[nodiscard]] inline auto smc(std::uint64_t fid, std::uint64_t a1, std::uint64_t a2, std::uint64_t a3) noexcept
    -> std::uint64_t {
  return smc4(fid, a1, a2, a3).x0;
}

}  // namespace redoubt::arm64
