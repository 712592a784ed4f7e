// SPDX-License-Identifier: Apache-2.0
#include "crypto/p384/ecdsa.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#include "crypto/p384/curve.hpp"
#include "crypto/testing/openssl.hpp"
#include "crypto/testing/random.hpp"

namespace redoubt::crypto {
namespace {

using p384::Scalar;

auto key_from(ByteView bytes) -> P384PrivateKey {
  return P384PrivateKey::from(P384PrivateKey::Bytes::from(bytes).value()).value();
}

auto check(const P384PublicKey& key, ByteView message, const P384Signature& signature) -> Result<> {
  return verify(key, std::span{&message, 1}, signature);
}

auto sign(const P384PrivateKey& key, ByteView message) -> P384Signature {
  return key.sign(std::span{&message, 1}).value();
}

auto openssl_key(const P384PublicKey& key) -> openssl::Key {
  const Bytes point = from_hex("04") + key.bytes;
  std::unique_ptr<OSSL_PARAM_BLD, openssl::Free<OSSL_PARAM_BLD_free>> builder{OSSL_PARAM_BLD_new()};
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-384", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  const std::unique_ptr<OSSL_PARAM, openssl::Free<OSSL_PARAM_free>> parameters{OSSL_PARAM_BLD_to_param(builder.get())};
  const openssl::KeyContext context{EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr)};
  EVP_PKEY* made = nullptr;
  EXPECT_EQ(EVP_PKEY_fromdata_init(context.get()), 1);
  EXPECT_EQ(EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()), 1);
  return openssl::Key{made};
}

auto public_key_of(EVP_PKEY* key) -> P384PublicKey {
  Bytes point(97);
  std::size_t size = 0;
  EXPECT_EQ(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, openssl::raw(std::span{point}), point.size(),
                                            &size),
            1);
  EXPECT_EQ(size, point.size());
  return P384PublicKey::from(std::span{point}.subspan(1)).value();
}

auto der_number(ByteView number) -> Bytes {
  while (number.size() > 1 && number[0] == std::byte{0}) number = number.subspan(1);
  Bytes content = (number[0] & std::byte{0x80}) != std::byte{0} ? Bytes(1) + number : Bytes{} + number;
  return Bytes{std::byte{2}, static_cast<std::byte>(content.size())} + content;
}

auto to_der(const P384Signature& signature) -> Bytes {
  const ByteView all{signature.bytes};
  const Bytes content = der_number(all.first(48)) + der_number(all.subspan(48));
  return Bytes{std::byte{0x30}, static_cast<std::byte>(content.size())} + content;
}

constexpr std::string_view kRfc6979Key =
    "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5";

// RFC 6979 A.2.6, SHA-384.
TEST(P384, good_rfc6979) {
  const auto key = key_from(from_hex(kRfc6979Key));
  EXPECT_EQ(hex(key.public_key().bytes),
            "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13"
            "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720");
  const auto sample = sign(key, bytes_of("sample"));
  EXPECT_EQ(hex(sample.bytes),
            "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46"
            "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8");
  EXPECT_EQ(hex(sign(key, bytes_of("test")).bytes),
            "8203b63d3c853e8d77227fb377bcf7b7b772e97892a80f36ab775d509d7a5feb0542a7f0812998da8f1dd3ca3cf023db"
            "ddd0760448d42d8a43af45af836fce4de8be06b485e9b61b827c2f13173923e06a739f040649a667bf3b828246baa5a5");
  EXPECT_TRUE(check(key.public_key(), bytes_of("sample"), sample));
  EXPECT_EQ(check(key.public_key(), bytes_of("test"), sample).error(), Error::PERM);
}

TEST(P384, good_openssl_accepts_our_signatures) {
  std::mt19937_64 random{1};
  for (int round = 0; round < 6; ++round) {
    const auto key = key_from(random_bytes(random, 48));
    const Bytes message = random_bytes(random, random() % 300);
    const auto reference = openssl_key(key.public_key());
    ASSERT_TRUE(openssl::verifies(reference.get(), EVP_sha384(), message, to_der(sign(key, message))));
  }
}

TEST(P384, good_we_accept_openssl_signatures) {
  std::mt19937_64 random{2};
  for (int round = 0; round < 12; ++round) {
    const openssl::Key reference{EVP_EC_gen("P-384")};
    ASSERT_NE(reference, nullptr);
    const Bytes message = random_bytes(random, random() % 300);
    const auto signature = signature_from_der(openssl::sign(reference.get(), EVP_sha384(), message));
    ASSERT_TRUE(signature);
    ASSERT_TRUE(check(public_key_of(reference.get()), message, *signature));
  }
}

TEST(P384, bad_one_flipped_bit) {
  const auto key = key_from(from_hex(kRfc6979Key));
  const auto signature = sign(key, bytes_of("m"));
  for (std::size_t bit = 0; bit < 768; bit += 37) {
    auto other = signature;
    other.bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    ASSERT_FALSE(check(key.public_key(), bytes_of("m"), other)) << bit;
    auto key2 = key.public_key();
    key2.bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    ASSERT_EQ(check(key2, bytes_of("m"), signature).error(), Error::INVALID) << bit;
  }
}

// 0, n, n + 1 and all ones for r and for s, in every combination with the good one. r + n fits into 384 bits for few r.
TEST(P384, bad_r_or_s_out_of_range) {
  const auto key = key_from(from_hex(kRfc6979Key));
  const auto good = sign(key, bytes_of("m"));
  Limbs<6> ones;
  ones.fill(~std::uint64_t{0});
  const auto& n = p384::kGroupOrder.value;
  for (const auto& value : {Limbs<6>{}, n, add(n, Limbs<6>{1}).value, ones}) {
    for (const std::size_t half : {0U, 48U}) {
      auto other = good;
      store_limbs_big<6>(std::span{other.bytes}.subspan(half).first<48>(), value);
      ASSERT_EQ(check(key.public_key(), bytes_of("m"), other).error(), Error::INVALID);
    }
  }
  P384Signature zeros;
  EXPECT_EQ(check(key.public_key(), bytes_of("m"), zeros).error(), Error::INVALID);
}

// Every (r, s) built so that the verifier meets the point at infinity: u1 G + u2 Q with u1 = -u2 d.
TEST(P384, bad_the_point_at_infinity_has_no_r) {
  const Bytes secret = from_hex(kRfc6979Key);
  const auto key = key_from(secret);
  const auto d = Scalar::reduced(limbs_from_big<6>(std::span{secret}.first<48>()));
  const Bytes hash = openssl::digest(EVP_sha384(), bytes_of("m"));
  const auto z = Scalar::reduced(limbs_from_big<6>(std::span{hash}.first<48>()));
  const auto r = -(z * d.inverse());
  P384Signature signature;
  store_limbs_big<6>(std::span{signature.bytes}.first<48>(), r.value());
  store_limbs_big<6>(std::span{signature.bytes}.last<48>(), Scalar::one().value());
  EXPECT_EQ(check(key.public_key(), bytes_of("m"), signature).error(), Error::PERM);
}

TEST(P384, bad_public_keys) {
  const auto good = key_from(from_hex(kRfc6979Key));
  const auto signature = sign(good, bytes_of("m"));
  const auto refused = [&](ByteView bytes) {
    return check(P384PublicKey::from(bytes).value(), bytes_of("m"), signature) == Result<>{Unexpected{Error::INVALID}};
  };
  EXPECT_TRUE(refused(Bytes(96)));                   // (0, 0), as which some encode infinity
  EXPECT_TRUE(refused(Bytes(96, std::byte{0xff})));  // coordinates not below the modulus
  Bytes swapped(96);
  std::ranges::rotate_copy(good.public_key().bytes, good.public_key().bytes.begin() + 48, swapped.begin());
  EXPECT_TRUE(refused(swapped));
  EXPECT_FALSE(P384PublicKey::from(Bytes(95)));
  EXPECT_FALSE(P384PublicKey::from(Bytes(97)));
}

// A coordinate that is not reduced would be a second form of a key. Only a small one has room for it in 384 bits: x = 0.
TEST(P384, bad_coordinates_not_below_the_modulus) {
  using p384::Field;
  const auto& g = p384::base_point();
  const Field b = g.y * g.y - g.x * g.x * g.x + g.x + g.x + g.x;
  auto exponent = add(p384::kFieldModulus.value, Limbs<6>{1}).value;  // (p + 1) / 4 makes roots, as p mod 4 = 3
  for (std::size_t n = 0; n < 6; ++n) exponent[n] = (exponent[n] >> 2) | (n + 1 < 6 ? exponent[n + 1] << 62 : 0);
  const Field y = b.to_power(exponent);
  ASSERT_EQ(y * y, b);
  std::array<std::byte, 96> bytes{};
  store_limbs_big<6>(std::span{bytes}.last<48>(), y.value());
  EXPECT_TRUE(p384::decode(bytes));
  store_limbs_big<6>(std::span{bytes}.first<48>(), p384::kFieldModulus.value);
  EXPECT_EQ(p384::decode(bytes).error(), Error::INVALID);
}

TEST(P384, bad_private_keys) {
  const auto refused = [](const Limbs<6>& value) {
    P384PrivateKey::Bytes bytes;
    store_limbs_big<6>(bytes.fill(), value);
    return !P384PrivateKey::from(bytes).has_value();
  };
  const auto& n = p384::kGroupOrder.value;
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(refused(n));
  EXPECT_TRUE(refused(add(n, Limbs<6>{1}).value));
  EXPECT_FALSE(refused({1}));
  EXPECT_FALSE(refused(subtract(n, Limbs<6>{1}).value));
}

TEST(P384, good_addition_is_complete) {
  const auto& g = p384::base_point();
  const p384::Point minus{g.x, -g.y, g.z};
  EXPECT_EQ((g + minus).z, p384::Field{});
  EXPECT_EQ((p384::infinity() + p384::infinity()).z, p384::Field{});
  EXPECT_EQ(to_affine(g + p384::infinity())->x, g.x);
  EXPECT_EQ(to_affine(p384::infinity() + g)->y, g.y);
  const auto twice = to_affine(g + g), thrice = to_affine(g + (g + g));
  EXPECT_EQ(twice->x, to_affine(multiply_secret(Scalar::reduced({2}), g))->x);
  EXPECT_EQ(thrice->y, to_affine(multiply_public(Scalar::one(), g, Scalar::reduced({2}), g))->y);
  EXPECT_EQ(to_affine(multiply_secret(-Scalar::one(), g))->y, -g.y);  // (n - 1) G = -G
  EXPECT_EQ(to_affine(multiply_secret(Scalar{}, g)).error(), Error::INVALID);
}

TEST(P384Der, good_every_length_of_number) {
  for (std::size_t length = 1; length <= 48; ++length) {
    P384Signature signature;
    std::fill_n(signature.bytes.begin() + static_cast<std::ptrdiff_t>(48 - length), length,
                std::byte{length % 2 == 0 ? std::uint8_t{0x80} : std::uint8_t{0x7f}});
    signature.bytes[95] = std::byte{1};
    const auto parsed = signature_from_der(to_der(signature));
    ASSERT_TRUE(parsed) << length;
    ASSERT_EQ(*parsed, signature);
  }
}

TEST(P384Der, bad_truncated_anywhere) {
  const auto der = to_der(sign(key_from(from_hex(kRfc6979Key)), bytes_of("m")));
  ASSERT_TRUE(signature_from_der(der));
  for (std::size_t size = 0; size < der.size(); ++size) {
    ASSERT_FALSE(signature_from_der(std::span{der}.first(size))) << size;
    Bytes shorter{der.begin(), der.begin() + static_cast<std::ptrdiff_t>(size)};
    if (size >= 2) shorter[1] = static_cast<std::byte>(size - 2);
    ASSERT_FALSE(signature_from_der(shorter)) << size;
  }
  ASSERT_FALSE(signature_from_der(Bytes{der} + Bytes(1)));
}

TEST(P384Der, bad_other_encodings_of_a_signature) {
  EXPECT_TRUE(signature_from_der(from_hex("3006 020101 020101")));
  EXPECT_FALSE(signature_from_der(from_hex("3106 020101 020101")));                             // another tag
  EXPECT_FALSE(signature_from_der(from_hex("308106 020101 020101")));                           // a long length
  EXPECT_FALSE(signature_from_der(from_hex("3080 020101 020101 0000")));                        // an indefinite length
  EXPECT_FALSE(signature_from_der(from_hex("3007 02020001 020101")));                           // a zero too many
  EXPECT_FALSE(signature_from_der(from_hex("3006 0201ff 020101")));                             // negative
  EXPECT_FALSE(signature_from_der(from_hex("3005 0200 020101")));                               // no number
  EXPECT_FALSE(signature_from_der(from_hex("3006 030101 020101")));                             // a bit string
  EXPECT_FALSE(signature_from_der(from_hex("3009 020101 020101 020101")));                      // three numbers
  EXPECT_FALSE(signature_from_der(from_hex("3036 0231 01") + Bytes(48) + from_hex("020101")));  // 385 bits
}

}  // namespace
}  // namespace redoubt::crypto
