// SPDX-License-Identifier: Apache-2.0
// Unsigned integers of N 64-bit limbs, least significant first. No branch and no address here depends on a value, with
// the exceptions that say so.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "crypto/byte_order.hpp"
#include "crypto/constant_time.hpp"

namespace redoubt::crypto {

template <std::size_t N>
using Limbs = std::array<std::uint64_t, N>;

using Double = unsigned __int128;  // the product of two limbs; 2^128 - 1 is also limb * limb + limb + limb

[[nodiscard]] constexpr auto low_limb(Double value) noexcept -> std::uint64_t {
  return static_cast<std::uint64_t>(value);
}
[[nodiscard]] constexpr auto high_limb(Double value) noexcept -> std::uint64_t {
  return static_cast<std::uint64_t>(value >> 64);
}

// An N-limb result and what did not fit: a carry or borrow, 0 or 1.
template <std::size_t N>
struct Overflowing {
  Limbs<N> value;
  std::uint64_t overflow;
};

template <std::size_t N>
[[nodiscard]] constexpr auto add(const Limbs<N>& a, const Limbs<N>& b) noexcept -> Overflowing<N> {
  Overflowing<N> sum{};
  for (std::size_t n = 0; n < N; ++n) {
    const Double digit = Double{a[n]} + b[n] + sum.overflow;
    sum.value[n] = low_limb(digit);
    sum.overflow = high_limb(digit);
  }
  return sum;
}

template <std::size_t N>
[[nodiscard]] constexpr auto subtract(const Limbs<N>& a, const Limbs<N>& b) noexcept -> Overflowing<N> {
  Overflowing<N> difference{};
  for (std::size_t n = 0; n < N; ++n) {
    const Double digit = Double{a[n]} - b[n] - difference.overflow;
    difference.value[n] = low_limb(digit);
    difference.overflow = high_limb(digit) & 1;
  }
  return difference;
}

// mask: all ones chooses `a`, zero chooses `b` (crypto/constant_time.hpp).
template <std::size_t N>
[[nodiscard]] constexpr auto choose(std::uint64_t mask, const Limbs<N>& a, const Limbs<N>& b) noexcept -> Limbs<N> {
  Limbs<N> chosen{};
  for (std::size_t n = 0; n < N; ++n) chosen[n] = b[n] ^ (mask & (a[n] ^ b[n]));
  return chosen;
}

// 1 if all limbs are zero, else 0.
template <std::size_t N>
[[nodiscard]] constexpr auto zero_bit(const Limbs<N>& value) noexcept -> std::uint64_t {
  std::uint64_t any = 0;
  for (const auto limb : value) any |= limb;
  return zero_bit(any);
}

// Bit `at` of the value: `at` is public, the answer need not be. at < 64 * N.
template <std::size_t N>
[[nodiscard]] constexpr auto bit_at(const Limbs<N>& value, std::size_t at) noexcept -> std::uint64_t {
  return (value[at / 64] >> (at % 64)) & 1;
}

template <std::size_t N>
[[nodiscard]] constexpr auto limbs_from_little(std::span<const std::byte, 8 * N> bytes) noexcept -> Limbs<N> {
  Limbs<N> value{};
  for (std::size_t n = 0; n < N; ++n) value[n] = load_little<std::uint64_t>(bytes.subspan(8 * n).template first<8>());
  return value;
}

template <std::size_t N>
[[nodiscard]] constexpr auto limbs_from_big(std::span<const std::byte, 8 * N> bytes) noexcept -> Limbs<N> {
  Limbs<N> value{};
  for (std::size_t n = 0; n < N; ++n) {
    value[N - 1 - n] = load_big<std::uint64_t>(bytes.subspan(8 * n).template first<8>());
  }
  return value;
}

template <std::size_t N>
constexpr void store_limbs_little(std::span<std::byte, 8 * N> to, const Limbs<N>& value) noexcept {
  for (std::size_t n = 0; n < N; ++n) store_little(to.subspan(8 * n).template first<8>(), value[n]);
}

template <std::size_t N>
constexpr void store_limbs_big(std::span<std::byte, 8 * N> to, const Limbs<N>& value) noexcept {
  for (std::size_t n = 0; n < N; ++n) store_big(to.subspan(8 * n).template first<8>(), value[N - 1 - n]);
}

// Not constexpr and defined nowhere: a constant that reaches it does not compile.
void reject_constant(std::string_view reason) noexcept;

// Constants as they are printed in the standards: hexadecimal, most significant digit first, blanks for reading.
template <std::size_t N>
[[nodiscard]] consteval auto limbs_from_hex(std::string_view text) -> Limbs<N> {
  Limbs<N> value{};
  for (const char digit : text) {
    if (digit == ' ') continue;
    if (value[N - 1] >> 60 != 0) reject_constant("too long");
    for (std::size_t n = N; n-- > 1;) value[n] = (value[n] << 4) | (value[n - 1] >> 60);
    const bool decimal = digit >= '0' && digit <= '9';
    if (!decimal && !(digit >= 'a' && digit <= 'f')) reject_constant("not a digit");
    value[0] = (value[0] << 4) | static_cast<std::uint64_t>(decimal ? digit - '0' : digit - 'a' + 10);
  }
  return value;
}

}  // namespace redoubt::crypto
