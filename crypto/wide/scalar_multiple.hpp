// SPDX-License-Identifier: Apache-2.0
// Multiples of a curve's points by complete addition, the same for every curve: no case needs a formula of its own, hence
// no branch tells a secret. A curve brings operator+ and choose(mask, a, b) for its Point.
#pragma once

#include <cstddef>

#include "crypto/constant_time.hpp"
#include "crypto/wide/limbs.hpp"
#include "crypto/wipe.hpp"

namespace redoubt::crypto {

// scalar * point, scalar < 2^kBits. The sum with the point is computed for every bit, and kept by a mask.
template <std::size_t kBits, class Scalar, class Point>
[[nodiscard]] auto multiple_of_secret(const Scalar& scalar, const Point& point, const Point& neutral) noexcept
    -> Point {
  const Wiped<typename Scalar::Value> bits{scalar.value()};
  Wiped<Point> sum{neutral};
  Wiped<Point> with;
  for (std::size_t n = kBits; n-- > 0;) {
    *sum = *sum + *sum;
    *with = *sum + point;
    *sum = choose(mask_of(bit_at(*bits, n)), *with, *sum);
  }
  return *sum;
}

// a * p + b * q with one chain of doublings. Everything is public: the branches follow the bits.
template <std::size_t kBits, class Scalar, class Point>
[[nodiscard]] auto sum_of_public_multiples(const Scalar& a, const Point& p, const Scalar& b, const Point& q,
                                           const Point& neutral) noexcept -> Point {
  const auto a_bits = a.value();
  const auto b_bits = b.value();
  const Point both = p + q;
  Point sum = neutral;
  for (std::size_t n = kBits; n-- > 0;) {
    sum = sum + sum;
    const bool add_p = bit_at(a_bits, n) != 0, add_q = bit_at(b_bits, n) != 0;
    if (add_p && add_q) {
      sum = sum + both;
    } else if (add_p) {
      sum = sum + p;
    } else if (add_q) {
      sum = sum + q;
    }
  }
  return sum;
}

}  // namespace redoubt::crypto
