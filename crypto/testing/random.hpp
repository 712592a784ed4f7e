// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <random>

#include "crypto/testing/hex.hpp"

namespace redoubt::crypto {

inline void randomise(std::mt19937_64& random, std::span<std::byte> bytes) {
  std::ranges::generate(bytes, [&] { return static_cast<std::byte>(random()); });
}

inline auto random_bytes(std::mt19937_64& random, std::size_t count) -> Bytes {
  Bytes bytes(count);
  randomise(random, bytes);
  return bytes;
}

}  // namespace redoubt::crypto
