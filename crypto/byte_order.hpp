// SPDX-License-Identifier: Apache-2.0
// Integers from and to bytes at any alignment: compilers make one load or store and a swap of these loops.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>

namespace redoubt::crypto {

template <std::unsigned_integral T>
[[nodiscard]] constexpr auto load_little(std::span<const std::byte, sizeof(T)> from) noexcept -> T {
  T value = 0;
  for (std::size_t n = 0; n < sizeof(T); ++n) value |= static_cast<T>(std::to_integer<T>(from[n]) << (8 * n));
  return value;
}

template <std::unsigned_integral T>
[[nodiscard]] constexpr auto load_big(std::span<const std::byte, sizeof(T)> from) noexcept -> T {
  T value = 0;
  for (std::size_t n = 0; n < sizeof(T); ++n) {
    value |= static_cast<T>(std::to_integer<T>(from[n]) << (8 * (sizeof(T) - 1 - n)));
  }
  return value;
}

template <std::unsigned_integral T>
constexpr void store_little(std::span<std::byte, sizeof(T)> to, T value) noexcept {
  for (std::size_t n = 0; n < sizeof(T); ++n) to[n] = static_cast<std::byte>((value >> (8 * n)) & 0xff);
}

template <std::unsigned_integral T>
constexpr void store_big(std::span<std::byte, sizeof(T)> to, T value) noexcept {
  for (std::size_t n = 0; n < sizeof(T); ++n) {
    to[n] = static_cast<std::byte>((value >> (8 * (sizeof(T) - 1 - n))) & 0xff);
  }
}

}  // namespace redoubt::crypto
