// SPDX-License-Identifier: Apache-2.0
#include "crypto/ed25519/curve.hpp"

#include "crypto/wide/scalar_multiple.hpp"

namespace redoubt::crypto::ed25519 {
namespace {

constexpr std::size_t kScalarBits = 253;

constexpr Field kTwiceD = kD + kD;

// RFC 8032 5.1: B.
constexpr Field kBaseX = field_from_hex("216936d3cd6e53fe c0a4e231fdd6dc5c 692cc7609525a7b2 c9562d608f25d51a");
constexpr Field kBaseY = field_from_hex("6666666666666666 6666666666666666 6666666666666666 6666666666666658");
constexpr Point kBase{kBaseX, kBaseY, Field::one(), kBaseX* kBaseY};

}  // namespace

auto choose(std::uint64_t mask, const Point& a, const Point& b) noexcept -> Point {
  return {Field::choose(mask, a.x, b.x), Field::choose(mask, a.y, b.y), Field::choose(mask, a.z, b.z),
          Field::choose(mask, a.t, b.t)};
}

auto base_point() noexcept -> const Point& { return kBase; }

// RFC 8032 5.1.4, the first set of formulas; complete since -1 is a square and d is not. Doubling by it costs one
// multiplication more than the formula made for it.
auto operator+(const Point& a, const Point& b) noexcept -> Point {
  const Field minus = (a.y - a.x) * (b.y - b.x);
  const Field plus = (a.y + a.x) * (b.y + b.x);
  const Field t = a.t * kTwiceD * b.t;
  const Field z_once = a.z * b.z;
  const Field z = z_once + z_once;
  const Field e = plus - minus;
  const Field f = z - t;
  const Field g = z + t;
  const Field h = plus + minus;
  return {e * f, g * h, f * g, e * h};
}

auto operator-(const Point& a) noexcept -> Point { return {-a.x, a.y, a.z, -a.t}; }

auto multiply_secret(const Scalar& scalar, const Point& point) noexcept -> Point {
  return multiple_of_secret<kScalarBits>(scalar, point, identity());
}

auto multiply_public(const Scalar& a, const Point& p, const Scalar& b, const Point& q) noexcept -> Point {
  return sum_of_public_multiples<kScalarBits>(a, p, b, q, identity());
}

// The identity is the only point with x = 0 and y = z.
auto has_small_order(const Point& point) noexcept -> bool {
  Point multiple = point;
  for (int doubling = 0; doubling < 3; ++doubling) multiple = multiple + multiple;
  return multiple.x == Field{} && multiple.y == multiple.z;
}

}  // namespace redoubt::crypto::ed25519
