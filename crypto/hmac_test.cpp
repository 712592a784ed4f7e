// SPDX-License-Identifier: Apache-2.0
#include "crypto/hmac.hpp"

#include <openssl/hmac.h>
#include <openssl/kdf.h>

#include "crypto/hkdf.hpp"
#include "crypto/testing/openssl.hpp"
#include "crypto/testing/random.hpp"

namespace redoubt::crypto {
namespace {

template <class Hash>
auto hmac(ByteView key, ByteView message) -> std::string {
  Hmac<Hash> mac{key};
  mac.update(message);
  return hex(mac.finish());
}

template <class Hash>
auto hkdf(ByteView salt, ByteView key, ByteView info, std::size_t size) -> std::string {
  Bytes out(size);
  EXPECT_TRUE(Hkdf<Hash>(salt, key).expand(info, out));
  return hex(out);
}

auto openssl_hmac(const EVP_MD* kind, ByteView key, ByteView message) -> std::string {
  Bytes out(static_cast<std::size_t>(EVP_MD_get_size(kind)));
  EXPECT_NE(HMAC(kind, key.data(), static_cast<int>(key.size()), openssl::raw(message), message.size(),
                 openssl::raw(std::span{out}), nullptr),
            nullptr);
  return hex(out);
}

auto openssl_hkdf(const EVP_MD* kind, ByteView salt, ByteView key, ByteView info, std::size_t size) -> std::string {
  const openssl::KeyContext context{EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr)};
  Bytes out(size);
  EXPECT_EQ(EVP_PKEY_derive_init(context.get()), 1);
  EXPECT_EQ(EVP_PKEY_CTX_set_hkdf_md(context.get(), kind), 1);
  EXPECT_EQ(EVP_PKEY_CTX_set1_hkdf_salt(context.get(), openssl::raw(salt), static_cast<int>(salt.size())), 1);
  EXPECT_EQ(EVP_PKEY_CTX_set1_hkdf_key(context.get(), openssl::raw(key), static_cast<int>(key.size())), 1);
  EXPECT_EQ(EVP_PKEY_CTX_add1_hkdf_info(context.get(), openssl::raw(info), static_cast<int>(info.size())), 1);
  EXPECT_EQ(EVP_PKEY_derive(context.get(), openssl::raw(std::span{out}), &size), 1);
  return hex(out);
}

// RFC 4231 4.2, 4.3 and 4.7 (a key longer than a block).
TEST(Hmac, good_rfc4231) {
  const Bytes key(20, std::byte{0x0b});
  EXPECT_EQ(hmac<Sha256>(key, bytes_of("Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac<Sha384>(key, bytes_of("Hi There")),
            "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6");
  EXPECT_EQ(hmac<Sha512>(key, bytes_of("Hi There")),
            "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
            "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854");
  EXPECT_EQ(hmac<Sha256>(bytes_of("Jefe"), bytes_of("what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(
      hmac<Sha256>(Bytes(131, std::byte{0xaa}), bytes_of("Test Using Larger Than Block-Size Key - Hash Key First")),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

// Keys around the block sizes of 64 and 128 bytes, where they begin to be hashed.
TEST(Hmac, good_agrees_with_openssl) {
  std::mt19937_64 random{1};
  for (const std::size_t size : {0U, 1U, 63U, 64U, 65U, 127U, 128U, 129U, 300U}) {
    const Bytes key = random_bytes(random, size), message = random_bytes(random, random() % 400);
    ASSERT_EQ(hmac<Sha256>(key, message), openssl_hmac(EVP_sha256(), key, message)) << size;
    ASSERT_EQ(hmac<Sha384>(key, message), openssl_hmac(EVP_sha384(), key, message)) << size;
    ASSERT_EQ(hmac<Sha512>(key, message), openssl_hmac(EVP_sha512(), key, message)) << size;
  }
}

// RFC 5869 A.1 and A.3.
TEST(Hkdf, good_rfc5869) {
  const Bytes key(22, std::byte{0x0b});
  EXPECT_EQ(hkdf<Sha256>(from_hex("000102030405060708090a0b0c"), key, from_hex("f0f1f2f3f4f5f6f7f8f9"), 42),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  EXPECT_EQ(hkdf<Sha256>({}, key, {}, 42),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(Hkdf, good_agrees_with_openssl) {
  std::mt19937_64 random{2};
  for (const std::size_t size : {1U, 32U, 47U, 48U, 49U, 64U, 65U, 200U, 1000U}) {
    const Bytes salt = random_bytes(random, 1 + random() % 200), key = random_bytes(random, 1 + random() % 100);
    const Bytes info = random_bytes(random, 1 + random() % 100);
    ASSERT_EQ(hkdf<Sha256>(salt, key, info, size), openssl_hkdf(EVP_sha256(), salt, key, info, size)) << size;
    ASSERT_EQ(hkdf<Sha384>(salt, key, info, size), openssl_hkdf(EVP_sha384(), salt, key, info, size)) << size;
    ASSERT_EQ(hkdf<Sha512>(salt, key, info, size), openssl_hkdf(EVP_sha512(), salt, key, info, size)) << size;
  }
}

TEST(Hkdf, bad_more_output_than_the_counter_has_blocks) {
  const Hkdf<Sha512> hkdf{{}, bytes_of("key")};
  Bytes longest(Hkdf<Sha512>::kMaxOutput), longer(Hkdf<Sha512>::kMaxOutput + 1);
  EXPECT_TRUE(hkdf.expand({}, longest));
  EXPECT_EQ(hkdf.expand({}, longer).error(), Error::INVALID);
  EXPECT_EQ(longer, Bytes(longer.size()));
}

// The key derivation of the Open Profile for DICE with all inputs zero: its published known answers.
TEST(Hkdf, good_open_dice_known_answers) {
  const Bytes zeros(32);
  // CDI_Attest: salt = H(code || configuration || authority || mode || hidden); CDI_Seal: H(authority || mode || hidden).
  const auto attest = hkdf<Sha512>(sha512(Bytes(64 + 64 + 64 + 1 + 64)), zeros, bytes_of("CDI_Attest"), 32);
  EXPECT_EQ(attest, "fbfc679771342eeacb908659ce49d6b63b4535da2c51433d7f04efa6319e0c19");
  EXPECT_EQ(hkdf<Sha512>(sha512(Bytes(64 + 1 + 64)), zeros, bytes_of("CDI_Seal"), 32),
            "8ff8b22571325e7defefbfea8df1c9f34bf4d9ee03b75b788219c6b1ef49bdc5");
  const Bytes salt = from_hex(
      "63B6A04D2C077FC10F639F21DA793844356CC2B0B441B3A77124035C03F8E1BE"
      "6035D31F282821A7450A02222AB1B3CFF1679B05AB1CA5D1AFFB789CCD2B0B3B");
  EXPECT_EQ(hkdf<Sha512>(salt, from_hex(attest), bytes_of("Key Pair"), 32),
            "39d8aa243a9d2dcfcd9cb8d1bcc877eb643ea74f9d6dca27737fdd5331de80a4");
}

}  // namespace
}  // namespace redoubt::crypto
