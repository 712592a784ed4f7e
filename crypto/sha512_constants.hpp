// SPDX-License-Identifier: Apache-2.0
// The round constants of SHA-512, defined out of the compiler's sight for the same reason as those of SHA-256.
#pragma once

#include <array>
#include <cstdint>

namespace redoubt::crypto {

inline constexpr unsigned kSha512Rounds = 80;

extern const std::array<std::uint64_t, kSha512Rounds> kSha512Constants;

}  // namespace redoubt::crypto
