// SPDX-License-Identifier: Apache-2.0
#include "crypto/ed25519/ed25519.hpp"

#include "crypto/ed25519/curve.hpp"
#include "crypto/testing/openssl.hpp"
#include "crypto/testing/random.hpp"

namespace redoubt::crypto {
namespace {

using ed25519::Scalar;

auto key_from(ByteView seed) -> Ed25519PrivateKey { return Ed25519PrivateKey{Ed25519Seed::from(seed).value()}; }

auto check(const Ed25519PublicKey& key, ByteView message, const Ed25519Signature& signature) -> Result<> {
  return verify(key, std::span{&message, 1}, signature);
}

auto sign(const Ed25519PrivateKey& key, ByteView message) -> Ed25519Signature {
  return key.sign(std::span{&message, 1});
}

struct Vector {
  std::string_view seed, key, message, signature;
};

// RFC 8032 7.1: tests 1, 2, 3 and "SHA(abc)".
constexpr Vector kRfc8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
     "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"},
};

TEST(Ed25519, good_rfc8032) {
  for (const auto& vector : kRfc8032) {
    const auto key = key_from(from_hex(vector.seed));
    const Bytes message = from_hex(vector.message);
    EXPECT_EQ(hex(key.public_key().bytes), vector.key);
    const auto signature = sign(key, message);
    EXPECT_EQ(hex(signature.bytes), vector.signature);
    EXPECT_TRUE(check(key.public_key(), message, signature));
  }
}

TEST(Ed25519, good_same_keys_and_signatures_as_openssl) {
  std::mt19937_64 random{1};
  for (int round = 0; round < 12; ++round) {
    const Bytes seed = random_bytes(random, 32), message = random_bytes(random, random() % 300);
    const openssl::Key reference{
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, openssl::raw(seed), seed.size())};
    const auto key = key_from(seed);
    Bytes public_key(32);
    std::size_t size = 32;
    ASSERT_EQ(EVP_PKEY_get_raw_public_key(reference.get(), openssl::raw(std::span{public_key}), &size), 1);
    ASSERT_EQ(hex(key.public_key().bytes), hex(public_key));
    ASSERT_EQ(hex(sign(key, message).bytes), hex(openssl::sign(reference.get(), nullptr, message)));
  }
}

TEST(Ed25519, good_a_message_in_pieces_is_the_same_message) {
  const auto key = key_from(Bytes(32, std::byte{1}));
  const std::array<ByteView, 4> pieces{bytes_of("ab"), ByteView{}, bytes_of("c"), bytes_of("def")};
  const auto signature = key.sign(pieces);
  EXPECT_EQ(signature, sign(key, bytes_of("abcdef")));
  EXPECT_TRUE(verify(key.public_key(), pieces, signature));
}

// Half of the flips in the key or R make no point: INVALID; whatever the reason, none may pass.
TEST(Ed25519, bad_one_flipped_bit) {
  const auto key = key_from(Bytes(32, std::byte{2}));
  Bytes message = Bytes{} + bytes_of("a message");
  const auto signature = sign(key, message);
  for (std::size_t bit = 0; bit < 512; bit += 7) {
    auto other = signature;
    other.bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    ASSERT_FALSE(check(key.public_key(), message, other)) << bit;
  }
  for (std::size_t bit = 0; bit < 256; bit += 7) {
    auto other = key.public_key();
    other.bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    ASSERT_FALSE(check(other, message, signature)) << bit;
  }
  message[3] ^= std::byte{1};
  EXPECT_EQ(check(key.public_key(), message, signature).error(), Error::PERM);
  EXPECT_EQ(check(key.public_key(), std::span{message}.first(8), signature).error(), Error::PERM);
}

// S + L satisfies the equation as well: RFC 8032 5.1.7 forbids it, since a signature must not have a second form.
TEST(Ed25519, bad_s_not_below_the_order) {
  const auto key = key_from(Bytes(32, std::byte{3}));
  const auto signature = sign(key, bytes_of("m"));
  const auto s = limbs_from_little<4>(std::span{signature.bytes}.last<32>());
  for (auto larger = add(s, ed25519::kGroupOrder.value); larger.overflow == 0;
       larger = add(larger.value, ed25519::kGroupOrder.value)) {
    auto other = signature;
    store_limbs_little<4>(std::span{other.bytes}.last<32>(), larger.value);
    ASSERT_EQ(check(key.public_key(), bytes_of("m"), other).error(), Error::INVALID);
  }
  auto exact = signature;
  store_limbs_little<4>(std::span{exact.bytes}.last<32>(), ed25519::kGroupOrder.value);
  EXPECT_EQ(check(key.public_key(), bytes_of("m"), exact).error(), Error::INVALID);
}

// All encodings, canonical or not, of the eight points whose order divides 8. With such a key and R and S = 0 there are
// signatures that many verifiers accept for every message.
constexpr std::string_view kSmallOrder[] = {"0100000000000000000000000000000000000000000000000000000000000000",
                                            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                            "0000000000000000000000000000000000000000000000000000000000000000",
                                            "0000000000000000000000000000000000000000000000000000000000000080",
                                            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                                            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
                                            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                                            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
                                            "0100000000000000000000000000000000000000000000000000000000000080",
                                            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                                            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                                            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};

TEST(Ed25519, bad_keys_of_small_order) {
  int canonical = 0;
  for (const auto encoding : kSmallOrder) {
    const Bytes bytes = from_hex(encoding);
    const auto key = Ed25519PublicKey::from(bytes).value();
    const auto point = ed25519::decode(key.bytes);
    if (point) {
      ++canonical;
      EXPECT_TRUE(has_small_order(*point)) << encoding;
    }
    for (const auto r : kSmallOrder) {
      const auto forged = Ed25519Signature::from(from_hex(r) + Bytes(32)).value();
      ASSERT_EQ(check(key, bytes_of("anything"), forged).error(), Error::INVALID) << encoding;
    }
  }
  EXPECT_EQ(canonical, 8);
}

// The owner of a good key can make R of small order by taking a multiple of L, that is zero, for the nonce.
TEST(Ed25519, bad_r_of_small_order) {
  const Bytes seed(32, std::byte{4});
  const auto key = key_from(seed);
  Bytes digest = openssl::digest(EVP_sha512(), seed);
  digest[0] &= std::byte{0xf8};
  digest[31] = (digest[31] & std::byte{0x7f}) | std::byte{0x40};
  const auto secret = Scalar::reduced(limbs_from_little<4>(std::span{digest}.first<32>()));
  const Bytes r = from_hex(kSmallOrder[0]);
  const Bytes hash = openssl::digest(EVP_sha512(), Bytes{r} + key.public_key().bytes + bytes_of("m"));
  const auto k = Scalar::reduced(limbs_from_little<4>(std::span{hash}.first<32>()),
                                 limbs_from_little<4>(std::span{hash}.last<32>()));
  const auto s = ed25519::encode(k * secret);
  EXPECT_EQ(
      encode(multiply_public(k * secret, ed25519::base_point(), k, -ed25519::decode(key.public_key().bytes).value())),
      encode(ed25519::identity()));
  EXPECT_EQ(check(key.public_key(), bytes_of("m"), Ed25519Signature::from(Bytes{r} + s).value()).error(), Error::PERM);
}

TEST(Ed25519, bad_encodings_of_points) {
  // y not below 2^255 - 19, with either sign; y = 2 and y = 7 are on no point of the curve.
  for (int low = 0xed; low <= 0xff; ++low) {
    for (const auto top : {std::byte{0x7f}, std::byte{0xff}}) {
      ed25519::Encoded bytes;
      bytes.fill(std::byte{0xff});
      bytes.front() = static_cast<std::byte>(low);
      bytes.back() = top;
      EXPECT_EQ(ed25519::decode(bytes).error(), Error::INVALID);
    }
  }
  for (const auto y : {std::byte{2}, std::byte{7}}) {
    EXPECT_EQ(ed25519::decode(ed25519::Encoded{y}).error(), Error::INVALID);
  }
}

TEST(Ed25519, good_the_curve_is_the_standards) {
  using ed25519::Field;
  EXPECT_EQ(ed25519::kD * Field::reduced(Limbs<4>{121666}), -Field::reduced(Limbs<4>{121665}));
  const auto& base = ed25519::base_point();
  EXPECT_EQ(base.y * Field::reduced(Limbs<4>{5}), Field::reduced(Limbs<4>{4}));
  EXPECT_EQ(base.y * base.y - base.x * base.x, Field::one() + ed25519::kD * base.t * base.t);
  EXPECT_EQ(encode(multiply_secret(-Scalar::one(), base)), encode(-base));  // (L - 1) B = -B
}

// Both ways to multiply against each other, with scalars that have all zeros and ones at their ends.
TEST(Ed25519, good_constant_time_and_public_multiplication_agree) {
  std::mt19937_64 random{6};
  const auto& base = ed25519::base_point();
  const auto other = multiply_secret(Scalar::reduced(Limbs<4>{12345}), base);
  for (const Scalar a :
       {Scalar{}, Scalar::one(), -Scalar::one(), Scalar::reduced({random(), random(), random(), random()})}) {
    const Scalar b = Scalar::reduced({random(), random(), random(), random()});
    EXPECT_EQ(encode(multiply_secret(a, base) + multiply_secret(b, other)), encode(multiply_public(a, base, b, other)));
    EXPECT_EQ(encode(multiply_secret(a, base)), encode(multiply_public(a, base, Scalar{}, other)));
  }
}

}  // namespace
}  // namespace redoubt::crypto
