// SPDX-License-Identifier: Apache-2.0
#include "crypto/p384/curve.hpp"

#include "crypto/wide/scalar_multiple.hpp"

namespace redoubt::crypto::p384 {
namespace {

[[nodiscard]] consteval auto field_from_hex(std::string_view text) -> Field {
  return Field::reduced(limbs_from_hex<6>(text));
}

constexpr std::size_t kScalarBits = 384;

// SP 800-186 3.2.1.4.
constexpr Field kB = field_from_hex(
    "b3312fa7e23ee7e4 988e056be3f82d19 181d9c6efe814112 0314088f5013875a c656398d8a2ed19d 2a85c8edd3ec2aef");
constexpr Point kBase{
    field_from_hex(
        "aa87ca22be8b0537 8eb1c71ef320ad74 6e1d3b628ba79b98 59f741e082542a38 5502f25dbf55296c 3a545e3872760ab7"),
    field_from_hex(
        "3617de4a96262c6f 5d9e98bf9292dc29 f8f41dbd289a147c e9da3113b5f0b8c0 0a60b1ce1d7e819d 7a431d7c90ea0e5f"),
    Field::one()};

[[nodiscard]] auto three_times(const Field& a) noexcept -> Field { return a + a + a; }

}  // namespace

auto choose(std::uint64_t mask, const Point& a, const Point& b) noexcept -> Point {
  return {Field::choose(mask, a.x, b.x), Field::choose(mask, a.y, b.y), Field::choose(mask, a.z, b.z)};
}

auto base_point() noexcept -> const Point& { return kBase; }

// Renes, Costello, Batina, "Complete addition formulas for prime order elliptic curves" (2015), theorem 1 with a = -3.
// No case needs a formula of its own, hence no branch tells a secret.
auto operator+(const Point& a, const Point& b) noexcept -> Point {
  const Field xx = a.x * b.x;
  const Field yy = a.y * b.y;
  const Field zz = a.z * b.z;
  const Field xy = (a.x + a.y) * (b.x + b.y) - xx - yy;  // a.x b.y + b.x a.y
  const Field yz = (a.y + a.z) * (b.y + b.z) - yy - zz;
  const Field xz = (a.x + a.z) * (b.x + b.z) - xx - zz;
  const Field m = three_times(kB * zz - xz);
  const Field u = three_times(kB * xz - xx - three_times(zz));
  const Field v = three_times(xx - zz);
  const Field less = yy - m;
  const Field more = yy + m;
  return {xy * less - yz * u, v * u + more * less, yz * more + xy * v};
}

auto multiply_secret(const Scalar& scalar, const Point& point) noexcept -> Point {
  return multiple_of_secret<kScalarBits>(scalar, point, infinity());
}

auto multiply_public(const Scalar& a, const Point& p, const Scalar& b, const Point& q) noexcept -> Point {
  return sum_of_public_multiples<kScalarBits>(a, p, b, q, infinity());
}

auto to_affine(const Point& point) noexcept -> Result<AffinePoint> {
  if (point.z == Field{}) return Unexpected{Error::INVALID};
  const Field one_over_z = point.z.inverse();
  return AffinePoint{point.x * one_over_z, point.y * one_over_z};
}

auto decode(std::span<const std::byte, 2 * kNumberBytes> bytes) noexcept -> Result<Point> {
  RD_TRY_ASSIGN(x, Field::from(limbs_from_big<6>(bytes.first<kNumberBytes>())));
  RD_TRY_ASSIGN(y, Field::from(limbs_from_big<6>(bytes.last<kNumberBytes>())));
  if (y * y != x * x * x - three_times(x) + kB) return Unexpected{Error::INVALID};
  return Point{x, y, Field::one()};
}

}  // namespace redoubt::crypto::p384
