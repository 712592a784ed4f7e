// SPDX-License-Identifier: Apache-2.0
#include "crypto/wipe.hpp"

#include <cstring>

namespace redoubt::crypto {

void wipe(std::span<std::byte> bytes) noexcept {
  if (bytes.empty()) return;
  std::memset(bytes.data(), 0, bytes.size());
  // Says that somebody reads what was written: without a reader the stores are dead and may go.
  asm volatile("" : : "r"(bytes.data()) : "memory");
}

}  // namespace redoubt::crypto
