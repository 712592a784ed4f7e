// SPDX-License-Identifier: Apache-2.0
// The group of Ed25519 (RFC 8032 5.1): points of -x^2 + y^2 = 1 + d x^2 y^2 modulo 2^255 - 19.
#pragma once

#include "crypto/bytes.hpp"
#include "crypto/wide/residue.hpp"

namespace redoubt::crypto::ed25519 {

inline constexpr Modulus<4> kFieldModulus{
    limbs_from_hex<4>("7fffffffffffffff ffffffffffffffff ffffffffffffffff ffffffffffffffed")};
// The order of the base point, RFC 8032's L.
inline constexpr Modulus<4> kGroupOrder{
    limbs_from_hex<4>("1000000000000000 0000000000000000 14def9dea2f79cd6 5812631a5cf5d3ed")};

using Field = Residue<kFieldModulus>;
using Scalar = Residue<kGroupOrder>;
using Encoded = std::array<std::byte, 32>;  // of a point (RFC 8032 5.1.2) or a scalar (little-endian)

[[nodiscard]] consteval auto field_from_hex(std::string_view text) -> Field {
  return Field::reduced(limbs_from_hex<4>(text));
}

// RFC 8032 5.1: d = -121665 / 121666.
inline constexpr Field kD = field_from_hex("52036cee2b6ffe73 8cc740797779e898 00700a4d4141d8ab 75eb4dca135978a3");

// Extended homogeneous coordinates (RFC 8032 5.1.4): x = X/Z, y = Y/Z, x y = T/Z.
struct Point {
  Field x, y, z, t;
};

[[nodiscard]] constexpr auto identity() noexcept -> Point { return {Field{}, Field::one(), Field::one(), Field{}}; }

// RFC 8032 5.1: B.
[[nodiscard]] auto base_point() noexcept -> const Point&;

// Complete: right for any two points of the curve, also equal ones and the identity.
[[nodiscard]] auto operator+(const Point& a, const Point& b) noexcept -> Point;
[[nodiscard]] auto operator-(const Point& a) noexcept -> Point;

// mask: all ones chooses `a`, zero chooses `b`, in constant time.
[[nodiscard]] auto choose(std::uint64_t mask, const Point& a, const Point& b) noexcept -> Point;

// scalar * point in constant time.
[[nodiscard]] auto multiply_secret(const Scalar& scalar, const Point& point) noexcept -> Point;

// a * p + b * q in a time that depends on a and b: only for what everybody may know.
[[nodiscard]] auto multiply_public(const Scalar& a, const Point& p, const Scalar& b, const Point& q) noexcept -> Point;

// The point's order divides 8, the cofactor.
[[nodiscard]] auto has_small_order(const Point& point) noexcept -> bool;

[[nodiscard]] auto encode(const Point& point) noexcept -> Encoded;
[[nodiscard]] auto encode(const Scalar& scalar) noexcept -> Encoded;

// INVALID: y is not below 2^255 - 19, no such point is on the curve, or x is 0 with the sign bit set. Not constant time.
[[nodiscard]] auto decode(std::span<const std::byte, 32> bytes) noexcept -> Result<Point>;

}  // namespace redoubt::crypto::ed25519
