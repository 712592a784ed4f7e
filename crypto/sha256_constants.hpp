// SPDX-License-Identifier: Apache-2.0
// The round constants of SHA-256, defined out of the compiler's sight: where it knows their values it puts each into
// the code as two instructions, and one load of a pair is four times cheaper.
#pragma once

#include <array>
#include <cstdint>

namespace redoubt::crypto {

inline constexpr unsigned kSha256Rounds = 64;

extern const std::array<std::uint32_t, kSha256Rounds> kSha256Constants;

}  // namespace redoubt::crypto
