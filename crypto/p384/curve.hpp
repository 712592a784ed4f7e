// SPDX-License-Identifier: Apache-2.0
// The group of P-384 (SP 800-186 3.2.1.4): points of y^2 = x^3 - 3 x + b, of prime order.
#pragma once

#include "crypto/bytes.hpp"
#include "crypto/wide/residue.hpp"

namespace redoubt::crypto::p384 {

inline constexpr Modulus<6> kFieldModulus{limbs_from_hex<6>(
    "ffffffffffffffff ffffffffffffffff ffffffffffffffff fffffffffffffffe ffffffff00000000 00000000ffffffff")};
inline constexpr Modulus<6> kGroupOrder{limbs_from_hex<6>(
    "ffffffffffffffff ffffffffffffffff ffffffffffffffff c7634d81f4372ddf 581a0db248b0a77a ecec196accc52973")};

using Field = Residue<kFieldModulus>;
using Scalar = Residue<kGroupOrder>;

inline constexpr std::size_t kNumberBytes = 48;  // of a coordinate or scalar, big-endian

// Homogeneous coordinates: x = X/Z, y = Y/Z; the point at infinity has Z = 0.
struct Point {
  Field x, y, z;
};

// Affine; there is none for the point at infinity.
struct AffinePoint {
  Field x, y;
};

[[nodiscard]] constexpr auto infinity() noexcept -> Point { return {Field{}, Field::one(), Field{}}; }

// SP 800-186 3.2.1.4: G.
[[nodiscard]] auto base_point() noexcept -> const Point&;

// Complete: right for any two points of the curve, also equal ones and infinity.
[[nodiscard]] auto operator+(const Point& a, const Point& b) noexcept -> Point;

// mask: all ones chooses `a`, zero chooses `b`, in constant time.
[[nodiscard]] auto choose(std::uint64_t mask, const Point& a, const Point& b) noexcept -> Point;

// scalar * point in constant time.
[[nodiscard]] auto multiply_secret(const Scalar& scalar, const Point& point) noexcept -> Point;

// a * p + b * q in a time that depends on a and b: only for what everybody may know.
[[nodiscard]] auto multiply_public(const Scalar& a, const Point& p, const Scalar& b, const Point& q) noexcept -> Point;

// INVALID: the point at infinity.
[[nodiscard]] auto to_affine(const Point& point) noexcept -> Result<AffinePoint>;

// x and y, each kNumberBytes. INVALID: not below the field's modulus, or not on the curve.
[[nodiscard]] auto decode(std::span<const std::byte, 2 * kNumberBytes> bytes) noexcept -> Result<Point>;

}  // namespace redoubt::crypto::p384
