// SPDX-License-Identifier: Apache-2.0
#include "crypto/ed25519/curve.hpp"

namespace redoubt::crypto::ed25519 {
namespace {

constexpr std::byte kSignBit{0x80};

constexpr Field kRootOfMinusOne = field_from_hex("2b8324804fc1df0b 2b4d00993dfbd7a7 2f431806ad2fe478 c4ee1b274a0ea0b0");
// (p - 5) / 8.
constexpr auto kRootExponent = limbs_from_hex<4>("0fffffffffffffff ffffffffffffffff ffffffffffffffff fffffffffffffffd");

// RFC 8032 5.1.3 steps 2 and 3: a root of (y^2 - 1) / (d y^2 + 1), if there is one.
[[nodiscard]] auto x_of(const Field& y) noexcept -> Result<Field> {
  const Field y_squared = y * y;
  const Field u = y_squared - Field::one();
  const Field v = kD * y_squared + Field::one();
  const Field v_cubed = v * v * v;
  const Field root = u * v_cubed * (u * v_cubed * v_cubed * v).to_power(kRootExponent);
  const Field check = v * root * root;
  if (check == u) return root;
  if (check == -u) return root * kRootOfMinusOne;
  return Unexpected{Error::INVALID};
}

}  // namespace

auto encode(const Scalar& scalar) noexcept -> Encoded {
  Encoded bytes;
  store_limbs_little<4>(bytes, scalar.value());
  return bytes;
}

// RFC 8032 5.1.2: y, and the lowest bit of x at the top. In constant time: a signer's points may be secret.
auto encode(const Point& point) noexcept -> Encoded {
  const Field one_over_z = point.z.inverse();
  Encoded bytes;
  store_limbs_little<4>(bytes, (point.y * one_over_z).value());
  const std::uint64_t sign = bit_at((point.x * one_over_z).value(), 0);
  bytes.back() |= static_cast<std::byte>(sign << 7);
  return bytes;
}

auto decode(std::span<const std::byte, 32> bytes) noexcept -> Result<Point> {
  Encoded copy;
  std::ranges::copy(bytes, copy.begin());
  const bool odd = (copy.back() & kSignBit) != std::byte{0};
  copy.back() &= ~kSignBit;
  RD_TRY_ASSIGN(y, Field::from(limbs_from_little<4>(copy)));
  RD_TRY_ASSIGN(x, x_of(y));
  if (x == Field{} && odd) return Unexpected{Error::INVALID};
  if ((bit_at(x.value(), 0) != 0) != odd) x = -x;
  return Point{x, y, Field::one(), x * y};
}

}  // namespace redoubt::crypto::ed25519
