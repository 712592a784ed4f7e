// SPDX-License-Identifier: Apache-2.0
// Decisions about secrets without branches and without addresses that depend on them: masks of all ones or all zeros.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace redoubt::crypto {

// The same value, but the compiler no longer knows how it came about: it may otherwise see that a mask is one bit of
// information and turn the arithmetic back into a branch.
template <std::unsigned_integral T>
[[nodiscard]] constexpr auto opaque(T value) noexcept -> T {
  if !consteval {
    asm("" : "+r"(value));
  }
  return value;
}

// All ones for bit = 1, zero for bit = 0; nothing else is a bit.
[[nodiscard]] constexpr auto mask_of(std::uint64_t bit) noexcept -> std::uint64_t {
  return opaque(std::uint64_t{0} - bit);
}

// 1 if value is zero, else 0: only zero has neither its own top bit nor its negation's set.
[[nodiscard]] constexpr auto zero_bit(std::uint64_t value) noexcept -> std::uint64_t {
  return 1 ^ (opaque(value | (std::uint64_t{0} - value)) >> 63);
}

// Compares secrets (authentication tags, keys). The lengths are public: different ones answer at once.
[[nodiscard]] inline auto equal_secrets(std::span<const std::byte> a, std::span<const std::byte> b) noexcept -> bool {
  if (a.size() != b.size()) return false;
  std::uint64_t difference = 0;
  for (std::size_t n = 0; n < a.size(); ++n) difference |= std::to_integer<std::uint64_t>(a[n] ^ b[n]);
  return zero_bit(difference) != 0;
}

}  // namespace redoubt::crypto
