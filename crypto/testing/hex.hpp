// SPDX-License-Identifier: Apache-2.0
// Test vectors are published as hexadecimal text.
#pragma once

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace redoubt::crypto {

using Bytes = std::vector<std::byte>;

inline auto hex(std::span<const std::byte> bytes) -> std::string {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const auto byte : bytes) {
    text += kDigits[std::to_integer<unsigned>(byte) >> 4];
    text += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

// Blanks between bytes are for reading.
inline auto from_hex(std::string_view text) -> Bytes {
  std::string digits;
  for (const char c : text) {
    if (c != ' ' && c != '\n') digits += c;
  }
  if (digits.size() % 2 != 0) throw std::invalid_argument("half a byte");
  Bytes bytes;
  for (std::size_t n = 0; n < digits.size(); n += 2) {
    std::size_t used = 0;
    bytes.push_back(static_cast<std::byte>(std::stoul(digits.substr(n, 2), &used, 16)));
    if (used != 2) throw std::invalid_argument("not hexadecimal");
  }
  return bytes;
}

inline auto bytes_of(std::string_view text) -> std::span<const std::byte> { return std::as_bytes(std::span{text}); }

inline auto operator+(Bytes a, std::span<const std::byte> b) -> Bytes {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace redoubt::crypto
