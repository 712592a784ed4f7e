// SPDX-License-Identifier: Apache-2.0
#include "crypto/aead.hpp"

#include "crypto/poly1305.hpp"
#include "crypto/testing/openssl.hpp"
#include "crypto/testing/random.hpp"

namespace redoubt::crypto {
namespace {

constexpr std::string_view kSunscreen =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be "
    "it.";

auto poly1305(ByteView key, ByteView message) -> std::string {
  Poly1305 mac{Poly1305Key::from(key).value()};
  mac.update(message);
  return hex(mac.finish().bytes);
}

auto key_from(ByteView bytes) -> AeadKey { return AeadKey::from(bytes).value(); }

struct Sealed {
  Bytes text;
  AeadTag tag;
};

auto openssl_seal(ByteView key, ByteView nonce, ByteView associated, ByteView text) -> Sealed {
  const openssl::CipherContext context{EVP_CIPHER_CTX_new()};
  Sealed sealed{Bytes(text.size()), {}};
  int size = 0;
  EXPECT_EQ(EVP_EncryptInit_ex(context.get(), EVP_chacha20_poly1305(), nullptr, openssl::raw(key), openssl::raw(nonce)),
            1);
  if (!associated.empty()) {
    EXPECT_EQ(
        EVP_EncryptUpdate(context.get(), nullptr, &size, openssl::raw(associated), static_cast<int>(associated.size())),
        1);
  }
  if (!text.empty()) {
    EXPECT_EQ(EVP_EncryptUpdate(context.get(), openssl::raw(std::span{sealed.text}), &size, openssl::raw(text),
                                static_cast<int>(text.size())),
              1);
  }
  std::array<unsigned char, 16> nothing{};
  EXPECT_EQ(EVP_EncryptFinal_ex(context.get(), nothing.data(), &size), 1);
  EXPECT_EQ(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, 16, sealed.tag.bytes.data()), 1);
  return sealed;
}

TEST(Poly1305, good_rfc8439) {
  // 2.5.2.
  EXPECT_EQ(poly1305(from_hex("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b"),
                     bytes_of("Cryptographic Forum Research Group")),
            "a8061dc1305136c6c22b8baf0c0127a9");
  // A.3, vectors 7 to 11: sums at the edges of the reduction modulo 2^130 - 5.
  const auto r = [](std::string_view first) { return from_hex(first) + Bytes(31); };
  const Bytes ones(16, std::byte{0xff});
  EXPECT_EQ(poly1305(r("02"), ones), "03000000000000000000000000000000");
  EXPECT_EQ(poly1305(from_hex("02") + Bytes(15) + ones, from_hex("02") + Bytes(15)),
            "03000000000000000000000000000000");
  EXPECT_EQ(poly1305(r("01"), ones + from_hex("f0") + Bytes(15, std::byte{0xff}) + from_hex("11") + Bytes(15)),
            "05000000000000000000000000000000");
  EXPECT_EQ(poly1305(r("01"), ones + from_hex("fb") + Bytes(15, std::byte{0xfe}) + Bytes(16, std::byte{1})),
            "00000000000000000000000000000000");
  EXPECT_EQ(poly1305(r("02"), from_hex("fd") + Bytes(15, std::byte{0xff})), "faffffffffffffffffffffffffffffff");
}

// The same message in pieces of every size, so that every path through the block buffer is taken.
TEST(Poly1305, good_pieces_do_not_matter) {
  std::mt19937_64 random{1};
  const Bytes key = random_bytes(random, 32), message = random_bytes(random, 100);
  const auto whole = poly1305(key, message);
  for (std::size_t piece = 1; piece <= message.size(); ++piece) {
    Poly1305 mac{Poly1305Key::from(key).value()};
    for (std::size_t at = 0; at < message.size(); at += piece) {
      mac.update(std::span{message}.subspan(at, std::min(piece, message.size() - at)));
    }
    ASSERT_EQ(hex(mac.finish().bytes), whole) << piece;
  }
}

// RFC 8439 2.8.2.
TEST(Aead, good_rfc8439) {
  const AeadKey key = key_from(from_hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"));
  const auto nonce = AeadNonce::from(from_hex("070000004041424344454647")).value();
  const Bytes associated = from_hex("50515253c0c1c2c3c4c5c6c7");
  Bytes text = Bytes{} + bytes_of(kSunscreen);
  const auto tag = seal(key, nonce, associated, text);
  ASSERT_TRUE(tag);
  EXPECT_EQ(hex(tag->bytes), "1ae10b594f09e26a7e902ecbd0600691");
  EXPECT_EQ(hex(text),
            "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
            "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
            "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
            "3ff4def08e4b7a9de576d26586cec64b6116");
  ASSERT_TRUE(open(key, nonce, associated, text, *tag));
  EXPECT_EQ(text, Bytes{} + bytes_of(kSunscreen));
}

TEST(Aead, good_agrees_with_openssl) {
  std::mt19937_64 random{2};
  for (std::size_t size = 0; size <= 200; size += 1 + size / 20) {
    const Bytes key = random_bytes(random, 32), nonce = random_bytes(random, 12);
    const Bytes associated = random_bytes(random, random() % 40), text = random_bytes(random, size);
    const Sealed expected = openssl_seal(key, nonce, associated, text);
    Bytes ours = text;
    const auto tag = seal(key_from(key), AeadNonce::from(nonce).value(), associated, ours);
    ASSERT_TRUE(tag);
    ASSERT_EQ(hex(tag->bytes), hex(expected.tag.bytes)) << size;
    ASSERT_EQ(ours, expected.text) << size;
    ASSERT_TRUE(open(key_from(key), AeadNonce::from(nonce).value(), associated, ours, *tag));
    ASSERT_EQ(ours, text);
  }
}

// Every bit of what belongs together, one at a time; the text must not be touched.
TEST(Aead, bad_one_flipped_bit_is_refused_and_nothing_is_decrypted) {
  std::mt19937_64 random{3};
  Bytes key = random_bytes(random, 32), nonce = random_bytes(random, 12), associated = random_bytes(random, 5);
  Bytes text = random_bytes(random, 70);
  auto tag = *seal(key_from(key), AeadNonce::from(nonce).value(), associated, text);
  for (const std::span<std::byte> part :
       {std::span{key}, std::span{nonce}, std::span{associated}, std::span{text}, std::span<std::byte>{tag.bytes}}) {
    for (std::size_t bit = 0; bit < part.size() * 8; ++bit) {
      part[bit / 8] ^= std::byte{1} << (bit % 8);
      const Bytes before = text;
      ASSERT_EQ(open(key_from(key), AeadNonce::from(nonce).value(), associated, text, tag).error(), Error::PERM);
      ASSERT_EQ(text, before);
      part[bit / 8] ^= std::byte{1} << (bit % 8);
    }
  }
  EXPECT_TRUE(open(key_from(key), AeadNonce::from(nonce).value(), associated, text, tag));
}

// What is associated and what is encrypted cannot trade places, although both are hashed one after the other.
TEST(Aead, bad_the_border_between_associated_data_and_text_is_authentic) {
  const AeadKey key = key_from(Bytes(32, std::byte{7}));
  Bytes text(48, std::byte{9});
  const auto tag = *seal(key, AeadNonce{}, {}, text);
  Bytes rest{text.begin() + 16, text.end()};
  EXPECT_EQ(open(key, AeadNonce{}, std::span{text}.first(16), rest, tag).error(), Error::PERM);
  EXPECT_EQ(open(key, AeadNonce{}, {}, std::span{text}.first(47), tag).error(), Error::PERM);
}

}  // namespace
}  // namespace redoubt::crypto
