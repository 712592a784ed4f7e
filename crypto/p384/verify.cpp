// SPDX-License-Identifier: Apache-2.0
#include "crypto/p384/curve.hpp"
#include "crypto/p384/ecdsa.hpp"
#include "crypto/p384/message.hpp"

namespace redoubt::crypto {
namespace {

using p384::Scalar;

// r or s: FIPS 186-5 6.4.2 step 1.
[[nodiscard]] auto number_from(std::span<const std::byte, p384::kNumberBytes> bytes) noexcept -> Result<Scalar> {
  RD_TRY_ASSIGN(number, Scalar::from(limbs_from_big<6>(bytes)));
  if (number == Scalar{}) return Unexpected{Error::INVALID};
  return number;
}

}  // namespace

auto verify(const P384PublicKey& key, Pieces message, const P384Signature& signature) noexcept -> Result<> {
  RD_TRY_ASSIGN(r, number_from(std::span{signature.bytes}.first<p384::kNumberBytes>()));
  RD_TRY_ASSIGN(s, number_from(std::span{signature.bytes}.last<p384::kNumberBytes>()));
  RD_TRY_ASSIGN(point, p384::decode(key.bytes));
  const Scalar digest = p384::number_of(message);
  const Scalar one_over_s = s.inverse();
  const auto affine = to_affine(multiply_public(digest * one_over_s, p384::base_point(), r * one_over_s, point));
  if (!affine || Scalar::reduced(affine->x.value()) != r) return Unexpected{Error::PERM};
  return {};
}

}  // namespace redoubt::crypto
