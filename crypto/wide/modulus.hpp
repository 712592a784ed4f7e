// SPDX-License-Identifier: Apache-2.0
// Arithmetic modulo an odd number of N limbs, in constant time. All four moduli of this room (two curves, each with a
// field and a group order) share this one implementation: Montgomery's method needs no property of the modulus.
// With R = 2^(64 N), multiply(a, b) is a b / R mod m.
#pragma once

#include "crypto/wide/limbs.hpp"

namespace redoubt::crypto {

template <std::size_t N>
struct Modulus {
  Limbs<N> value;
  std::uint64_t negative_inverse{};  // -1 / value mod 2^64
  Limbs<N> one{};                    // R mod value: 1 in Montgomery's form
  Limbs<N> r_squared{};              // R^2 mod value: takes a number into Montgomery's form

  consteval explicit Modulus(const Limbs<N>& modulus);
};

// a - m if (overflow, a) >= m, else a; (overflow, a) < 2 m.
template <std::size_t N>
[[nodiscard]] constexpr auto reduce_once(const Modulus<N>& m, const Limbs<N>& a, std::uint64_t overflow) noexcept
    -> Limbs<N> {
  const auto less = subtract(a, m.value);
  return choose(mask_of(overflow | (less.overflow ^ 1)), less.value, a);
}

// a + b mod m for a, b < m.
template <std::size_t N>
[[nodiscard]] constexpr auto add_modulo(const Modulus<N>& m, const Limbs<N>& a, const Limbs<N>& b) noexcept
    -> Limbs<N> {
  const auto sum = add(a, b);
  return reduce_once(m, sum.value, sum.overflow);
}

// a - b mod m for a, b < m.
template <std::size_t N>
[[nodiscard]] constexpr auto subtract_modulo(const Modulus<N>& m, const Limbs<N>& a, const Limbs<N>& b) noexcept
    -> Limbs<N> {
  const auto difference = subtract(a, b);
  return add(difference.value, choose(mask_of(difference.overflow), m.value, Limbs<N>{})).value;
}

// a b / R mod m for a < R, b < m. One limb of a at a time: add a[n] b, then the multiple of m that makes the lowest limb
// zero, then drop that limb. The sum stays under 2 m R, so one subtraction at the end is enough.
template <std::size_t N>
[[nodiscard, gnu::always_inline]] constexpr auto multiply_inline(const Modulus<N>& m, const Limbs<N>& a,
                                                                 const Limbs<N>& b) noexcept -> Limbs<N> {
  Limbs<N> sum{};
  std::uint64_t top = 0;
  for (std::size_t i = 0; i < N; ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < N; ++j) {
      const Double digit = Double{a[i]} * b[j] + sum[j] + carry;
      sum[j] = low_limb(digit);
      carry = high_limb(digit);
    }
    const Double above = Double{top} + carry;
    const std::uint64_t factor = sum[0] * m.negative_inverse;
    carry = high_limb(Double{factor} * m.value[0] + sum[0]);
    for (std::size_t j = 1; j < N; ++j) {
      const Double digit = Double{factor} * m.value[j] + sum[j] + carry;
      sum[j - 1] = low_limb(digit);
      carry = high_limb(digit);
    }
    const Double last = above + carry;
    sum[N - 1] = low_limb(last);
    top = high_limb(last);
  }
  return reduce_once(m, sum, top);
}

// The same out of line: one copy of the code for each N.
template <std::size_t N>
[[nodiscard]] auto multiply_called(const Modulus<N>& m, const Limbs<N>& a, const Limbs<N>& b) noexcept -> Limbs<N>;

template <std::size_t N>
[[nodiscard]] constexpr auto multiply(const Modulus<N>& m, const Limbs<N>& a, const Limbs<N>& b) noexcept -> Limbs<N> {
  if consteval {
    return multiply_inline(m, a, b);
  } else {
    return multiply_called(m, a, b);
  }
}

// a^exponent in Montgomery's form. Time depends on the exponent, which is public, and not on a < m.
template <std::size_t N>
[[nodiscard]] auto power(const Modulus<N>& m, const Limbs<N>& a, const Limbs<N>& exponent) noexcept -> Limbs<N>;

template <std::size_t N>
consteval Modulus<N>::Modulus(const Limbs<N>& modulus) : value(modulus) {
  if (value[0] % 2 == 0 || value[N - 1] == 0) reject_constant("the modulus has to be odd and to need all its limbs");
  // Newton's iteration: an odd number is its own inverse modulo 8, each step doubles the number of right bits.
  std::uint64_t inverse = value[0];
  for (int right = 3; right < 64; right *= 2) inverse *= 2 - value[0] * inverse;
  negative_inverse = 0 - inverse;
  // 2^k mod m by doubling, begun with the largest power of two below m.
  Limbs<N> power_of_two{};
  std::size_t k = 64 * N;
  while (bit_at(value, k - 1) == 0) --k;
  --k;
  power_of_two[k / 64] = std::uint64_t{1} << (k % 64);
  for (; k < 2 * 64 * N; ++k) {
    if (k == 64 * N) one = power_of_two;
    power_of_two = add_modulo(*this, power_of_two, power_of_two);
  }
  r_squared = power_of_two;
}

}  // namespace redoubt::crypto
