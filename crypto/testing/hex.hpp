// SPDX-License-Identifier: Apache-2.0
// Test vectors are published as hexadecimal text.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace redoubt::crypto {

inline auto hex(std::span<const std::byte> bytes) -> std::string {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const auto byte : bytes) {
    text += kDigits[std::to_integer<unsigned>(byte) >> 4];
    text += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

}  // namespace redoubt::crypto
