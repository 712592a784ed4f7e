// SPDX-License-Identifier: Apache-2.0
#include "crypto/hmac.hpp"
#include "crypto/p384/curve.hpp"
#include "crypto/p384/ecdsa.hpp"
#include "crypto/p384/message.hpp"

namespace redoubt::crypto {
namespace {

using p384::Scalar;
using Number = std::array<std::byte, p384::kNumberBytes>;

// A candidate for the nonce is refused with a probability of 2^-190: who needs a second one has a broken machine.
constexpr int kCandidates = 4;

// RFC 6979 3.2 with HMAC-SHA-384, whose output is as long as the group's order: one output is one candidate.
class NonceGenerator {
 public:
  NonceGenerator(ByteView key, const Number& digest) noexcept {
    value_.fill(std::byte{0x01});
    for (const std::byte step : {std::byte{0}, std::byte{1}}) absorb(step, key, digest);
  }
  ~NonceGenerator() noexcept {
    wipe(key_);
    wipe(value_);
  }
  NonceGenerator(const NonceGenerator&) = delete;
  auto operator=(const NonceGenerator&) -> NonceGenerator& = delete;

  [[nodiscard]] auto next() noexcept -> const Sha384Digest& {
    if (given_) absorb(std::byte{0}, {}, {});
    given_ = true;
    step_value();
    return value_;
  }

 private:
  void step_value() noexcept {
    Hmac<Sha384> hmac{key_};
    hmac.update(value_);
    value_ = hmac.finish();
  }
  void absorb(std::byte step, ByteView key, ByteView digest) noexcept {
    {
      Hmac<Sha384> hmac{key_};
      hmac.update(value_);
      hmac.update(std::span{&step, 1});
      hmac.update(key);
      hmac.update(digest);
      key_ = hmac.finish();
    }
    step_value();
  }

  Sha384Digest key_{};
  Sha384Digest value_{};
  bool given_ = false;
};

[[nodiscard]] auto bytes_of(const Scalar& scalar) noexcept -> Number {
  Number bytes;
  store_limbs_big<6>(bytes, scalar.value());
  return bytes;
}

// FIPS 186-5 6.4.1 with this nonce. INVALID: another one is needed. Not inlined: stack frames are limited.
[[nodiscard, gnu::noinline]] auto sign_with(const Scalar& nonce, const Scalar& key, const Scalar& digest) noexcept
    -> Result<P384Signature> {
  const Wiped<p384::Point> point{multiply_secret(nonce, p384::base_point())};
  const auto affine = to_affine(*point);
  if (!affine) return Unexpected{Error::INVALID};
  const Scalar r = Scalar::reduced(affine->x.value());
  const Wiped<Scalar> one_over_nonce{nonce.inverse()};
  const Wiped<Scalar> product{r * key};
  const Wiped<Scalar> sum{digest + *product};
  const Scalar s = *one_over_nonce * *sum;
  if (r == Scalar{} || s == Scalar{}) return Unexpected{Error::INVALID};
  P384Signature signature;
  std::ranges::copy(bytes_of(r), signature.bytes.begin());
  std::ranges::copy(bytes_of(s), signature.bytes.begin() + p384::kNumberBytes);
  return signature;
}

}  // namespace

auto P384PrivateKey::from(const Bytes& bytes) noexcept -> Result<P384PrivateKey> {
  const Wiped<Result<Scalar>> scalar{Scalar::from(limbs_from_big<6>(bytes.reveal()))};
  if (!scalar->has_value() || **scalar == Scalar{}) return Unexpected{Error::INVALID};
  P384PrivateKey key;
  const Wiped<p384::Point> point{multiply_secret(**scalar, p384::base_point())};
  const auto affine = to_affine(*point);
  if (!affine) return Unexpected{Error::INVALID};
  std::ranges::copy(bytes.reveal(), key.scalar_.fill().begin());
  const std::span to{key.public_key_.bytes};
  store_limbs_big<6>(to.first<p384::kNumberBytes>(), affine->x.value());
  store_limbs_big<6>(to.last<p384::kNumberBytes>(), affine->y.value());
  return key;
}

auto P384PrivateKey::sign(Pieces message) const noexcept -> Result<P384Signature> {
  const Scalar digest = p384::number_of(message);
  const Wiped<Scalar> key{Scalar::reduced(limbs_from_big<6>(scalar_.reveal()))};
  NonceGenerator generator{scalar_.reveal(), bytes_of(digest)};
  for (int candidate = 0; candidate < kCandidates; ++candidate) {
    Wiped<Result<Scalar>> nonce{Scalar::from(limbs_from_big<6>(generator.next()))};
    if (!nonce->has_value() || **nonce == Scalar{}) continue;
    if (auto signature = sign_with(**nonce, *key, digest)) return signature;
  }
  return Unexpected{Error::INVALID};
}

}  // namespace redoubt::crypto
