// SPDX-License-Identifier: Apache-2.0
#include "crypto/ed25519/ed25519.hpp"

#include "crypto/ed25519/curve.hpp"
#include "crypto/sha512.hpp"

namespace redoubt::crypto {
namespace {

using ed25519::Scalar;

// RFC 8032 5.1.6 step 2: a digest as a little-endian number modulo L.
[[nodiscard]] auto scalar_from(const Sha512Digest& digest) noexcept -> Scalar {
  const std::span bytes{digest};
  return Scalar::reduced(limbs_from_little<4>(bytes.first<32>()), limbs_from_little<4>(bytes.last<32>()));
}

// RFC 8032 5.1.6 step 4 and 5.1.7 step 2.
[[nodiscard]] auto challenge(const ed25519::Encoded& r, const Ed25519PublicKey& key, Pieces message) noexcept
    -> Scalar {
  Sha512 hash;
  hash.update(r);
  hash.update(key.bytes);
  update_all(hash, message);
  return scalar_from(hash.finish());
}

}  // namespace

auto verify(const Ed25519PublicKey& key, Pieces message, const Ed25519Signature& signature) noexcept -> Result<> {
  ed25519::Encoded r;
  std::ranges::copy(std::span{signature.bytes}.first<32>(), r.begin());
  RD_TRY_ASSIGN(s, Scalar::from(limbs_from_little<4>(std::span{signature.bytes}.last<32>())));
  RD_TRY_ASSIGN(a, ed25519::decode(key.bytes));
  if (has_small_order(a)) return Unexpected{Error::INVALID};
  const auto expected = multiply_public(s, ed25519::base_point(), challenge(r, key, message), -a);
  if (has_small_order(expected) || ed25519::encode(expected) != r) return Unexpected{Error::PERM};
  return {};
}

// RFC 8032 5.1.5.
Ed25519PrivateKey::Ed25519PrivateKey(const Ed25519Seed& seed) noexcept {
  Wiped<Sha512> hash;
  hash->update(seed.reveal());
  Wiped<Sha512Digest> digest{hash->finish()};
  std::ranges::copy(std::span{*digest}.last<32>(), prefix_.fill().begin());
  digest->at(0) &= std::byte{0xf8};
  digest->at(31) &= std::byte{0x7f};
  digest->at(31) |= std::byte{0x40};
  const Wiped<Scalar> scalar{Scalar::reduced(limbs_from_little<4>(std::span{*digest}.first<32>()))};
  const Wiped<ed25519::Encoded> encoded{ed25519::encode(*scalar)};
  std::ranges::copy(*encoded, scalar_.fill().begin());
  const Wiped<ed25519::Point> point{multiply_secret(*scalar, ed25519::base_point())};
  public_key_.bytes = ed25519::encode(*point);
}

// RFC 8032 5.1.6.
auto Ed25519PrivateKey::sign(Pieces message) const noexcept -> Ed25519Signature {
  Wiped<Sha512> hash;
  hash->update(prefix_.reveal());
  update_all(*hash, message);
  const Wiped<Sha512Digest> digest{hash->finish()};
  const Wiped<Scalar> nonce{scalar_from(*digest)};
  const Wiped<Scalar> scalar{Scalar::reduced(limbs_from_little<4>(scalar_.reveal()))};
  const Wiped<ed25519::Point> point{multiply_secret(*nonce, ed25519::base_point())};
  const auto r = ed25519::encode(*point);
  const Wiped<Scalar> product{challenge(r, public_key_, message) * *scalar};
  const auto s = ed25519::encode(*nonce + *product);
  Ed25519Signature signature;
  std::ranges::copy(r, signature.bytes.begin());
  std::ranges::copy(s, signature.bytes.begin() + 32);
  return signature;
}

}  // namespace redoubt::crypto
