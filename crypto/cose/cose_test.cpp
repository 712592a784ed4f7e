// SPDX-License-Identifier: Apache-2.0
#include "crypto/cose/sign1.hpp"
#include "crypto/testing/openssl.hpp"
#include "crypto/testing/random.hpp"

namespace redoubt::crypto::cose {
namespace {

auto ed25519_key() -> Ed25519PrivateKey {
  return Ed25519PrivateKey{Ed25519Seed::from(Bytes(32, std::byte{7})).value()};
}

auto p384_key() -> P384PrivateKey {
  return P384PrivateKey::from(P384PrivateKey::Bytes::from(Bytes(48, std::byte{7})).value()).value();
}

template <class Key>
auto signed_message(const Key& key, ByteView payload, ByteView external, Tagging tagging) -> Bytes {
  Bytes out(500);
  const auto message = sign(key, payload, external, tagging, out);
  EXPECT_TRUE(message);
  out.resize(message->size());
  return out;
}

template <class Key>
void there_and_back(const Key& key, Algorithm algorithm) {
  const auto payload = bytes_of("what is claimed"), external = bytes_of("context");
  for (const auto tagging : {Tagging::TAGGED, Tagging::UNTAGGED}) {
    const Bytes encoded = signed_message(key, payload, external, tagging);
    const auto message = parse(encoded, tagging);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->algorithm, algorithm);
    EXPECT_EQ(hex(message->payload), hex(payload));
    EXPECT_TRUE(verify(*message, key.public_key(), external));
    EXPECT_EQ(verify(*message, key.public_key(), {}).error(), Error::PERM);
    EXPECT_EQ(parse(encoded, tagging == Tagging::TAGGED ? Tagging::UNTAGGED : Tagging::TAGGED).error(), Error::INVALID);
  }
}

TEST(Cose, good_there_and_back) {
  there_and_back(ed25519_key(), Algorithm::EDDSA);
  there_and_back(p384_key(), Algorithm::ES384);
}

// The message and the bytes under its signature, spelled out from RFC 9052 4.2 and 4.4 and checked by OpenSSL.
TEST(Cose, good_what_is_signed_is_the_sig_structure) {
  const auto key = ed25519_key();
  const auto payload = bytes_of("payload"), external = bytes_of("aad");
  const Bytes encoded = signed_message(key, payload, external, Tagging::TAGGED);
  const Bytes start = from_hex("d284 43a10127 a0 47") + payload + from_hex("5840");
  ASSERT_EQ(encoded.size(), start.size() + 64);
  EXPECT_EQ(hex(std::span{encoded}.first(start.size())), hex(start));
  const Bytes structure =
      from_hex("84 6a") + bytes_of("Signature1") + from_hex("43a10127 43") + external + from_hex("47") + payload;
  const auto& public_key = key.public_key().bytes;
  const openssl::Key reference{
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, openssl::raw(public_key), public_key.size())};
  EXPECT_TRUE(openssl::verifies(reference.get(), nullptr, structure, std::span{encoded}.subspan(start.size())));
}

TEST(Cose, good_es384_headers) {
  const Bytes encoded = signed_message(p384_key(), Bytes(300), {}, Tagging::UNTAGGED);
  EXPECT_EQ(hex(std::span{encoded}.first(10)), "8444a1013822a059012c");  // 84, 44 {1: -35}, {}, 59 012c
  EXPECT_EQ(encoded.size(), 10U + 300 + 2 + 96);
}

// Bits all over a message but those of the unprotected header, which is empty here and therefore is shape.
TEST(Cose, bad_one_flipped_bit) {
  const auto key = ed25519_key();
  Bytes encoded = signed_message(key, bytes_of("payload"), {}, Tagging::TAGGED);
  int parsed = 0;
  for (std::size_t bit = 0; bit < encoded.size() * 8; bit += 5) {
    encoded[bit / 8] ^= std::byte{1} << (bit % 8);
    const auto message = parse(encoded, Tagging::TAGGED);
    if (message) {
      ++parsed;
      ASSERT_FALSE(verify(*message, key.public_key(), {})) << bit;
    }
    encoded[bit / 8] ^= std::byte{1} << (bit % 8);
  }
  EXPECT_GT(parsed, 100);
}

TEST(Cose, bad_truncated_anywhere) {
  const Bytes encoded = signed_message(ed25519_key(), bytes_of("payload"), {}, Tagging::TAGGED);
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    ASSERT_EQ(parse(std::span{encoded}.first(size), Tagging::TAGGED).error(), Error::INVALID) << size;
  }
}

TEST(Cose, bad_shapes) {
  const auto error = [](std::string_view text) {
    const auto message = parse(from_hex(text), Tagging::UNTAGGED);
    return message ? 0 : status_of(message.error());
  };
  constexpr long kInvalid = status_of(Error::INVALID), kNotSupported = status_of(Error::NOT_SUPPORTED);
  EXPECT_EQ(error("84 43a10127 a0 40 40"), 0);
  EXPECT_EQ(error("84 43a10127 a1044131 40 40"), 0);          // an unprotected key id
  EXPECT_EQ(error("84 45a201270441 31 a0 40 40"), kInvalid);  // the protected header has bytes too few
  EXPECT_EQ(error("84 46a20127044131 a0 40 40"), 0);          // a protected key id
  EXPECT_EQ(error("84 46a20127617800 a0 40 40"), 0);          // a header with a name
  EXPECT_EQ(error("83 43a10127 a0 40"), kInvalid);            // three items
  EXPECT_EQ(error("85 43a10127 a0 40 40 40"), kInvalid);      // five
  EXPECT_EQ(error("84 a10127 a0 40 40"), kInvalid);           // the protected header is not in a byte string
  EXPECT_EQ(error("84 40 a10127 40 40"), kInvalid);           // no protected header; algorithm not protected
  EXPECT_EQ(error("84 41a0 a10127 40 40"), kInvalid);         // algorithm not protected
  EXPECT_EQ(error("84 43a10127 a10127 40 40"), kInvalid);     // algorithm twice
  EXPECT_EQ(error("84 43a10127 80 40 40"), kInvalid);         // the unprotected header is not a map
  EXPECT_EQ(error("84 43a10127 a0 f6 40"), kInvalid);         // a detached payload
  EXPECT_EQ(error("84 43a10127 a0 60 40"), kInvalid);         // payload as text
  EXPECT_EQ(error("84 46a2012702 8101 a0 40 40"), kInvalid);  // a critical header
  EXPECT_EQ(error("84 43a10127 a1028101 40 40"), kInvalid);   // an unprotected critical header
  EXPECT_EQ(error("84 44a1016178 a0 40 40"), kInvalid);       // algorithm by name
  EXPECT_EQ(error("84 4401270000 a0 40 40"), kInvalid);       // not a map
  EXPECT_EQ(error("84 44a1012700 a0 40 40"), kInvalid);       // something behind the map
  EXPECT_EQ(error("84 43a10126 a0 40 40"), kNotSupported);    // ES256
  EXPECT_EQ(error("84 43a10100 a0 40 40"), kNotSupported);    // reserved, some readers' "none"
  EXPECT_EQ(error("d284 43a10127 a0 40 40"), kInvalid);       // a tag where none is expected
}

TEST(Cose, bad_the_message_does_not_choose_the_algorithm) {
  const Bytes encoded = signed_message(ed25519_key(), bytes_of("payload"), {}, Tagging::UNTAGGED);
  const auto message = parse(encoded, Tagging::UNTAGGED).value();
  EXPECT_EQ(verify(message, p384_key().public_key(), {}).error(), Error::INVALID);
  auto longer = message;
  const Bytes signature = Bytes{} + message.signature + Bytes(1);
  longer.signature = signature;
  EXPECT_EQ(verify(longer, ed25519_key().public_key(), {}).error(), Error::INVALID);
  const auto other = Ed25519PrivateKey{Ed25519Seed::from(Bytes(32, std::byte{8})).value()};
  EXPECT_EQ(verify(message, other.public_key(), {}).error(), Error::PERM);
}

// Bytes move from the external data to the payload only with their lengths: the signature does not cover both readings.
TEST(Cose, bad_external_data_is_not_payload) {
  const auto key = ed25519_key();
  const Bytes encoded = signed_message(key, bytes_of("cd"), bytes_of("ab"), Tagging::UNTAGGED);
  auto message = parse(encoded, Tagging::UNTAGGED).value();
  message.payload = bytes_of("bcd");
  EXPECT_EQ(verify(message, key.public_key(), bytes_of("a")).error(), Error::PERM);
}

TEST(Cose, bad_no_room) {
  const auto key = ed25519_key();
  const Bytes encoded = signed_message(key, bytes_of("payload"), {}, Tagging::TAGGED);
  Bytes out(encoded.size());
  EXPECT_TRUE(sign(key, bytes_of("payload"), {}, Tagging::TAGGED, out));
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, encoded.size() - 1}) {
    EXPECT_EQ(sign(key, bytes_of("payload"), {}, Tagging::TAGGED, std::span{out}.first(size)).error(),
              Error::NO_MEMORY);
  }
}

auto encoded_key(const PublicKey& key) -> Bytes {
  Bytes out(200);
  cbor::Writer writer{out};
  write_key(writer, key);
  out.resize(writer.finish().value().size());
  return out;
}

TEST(CoseKey, good_the_forms_of_dice_and_cca) {
  const PublicKey ed25519 = ed25519_key().public_key(), p384 = p384_key().public_key();
  const Bytes short_key = encoded_key(ed25519), long_key = encoded_key(p384);
  EXPECT_EQ(hex(short_key), "a5010103270481022006215820" + hex(ed25519_key().public_key().bytes));
  const std::string point = hex(p384_key().public_key().bytes);
  EXPECT_EQ(hex(long_key), "a401022002215830" + point.substr(0, 96) + "225830" + point.substr(96));
  EXPECT_EQ(read_key(short_key).value(), ed25519);
  EXPECT_EQ(read_key(long_key).value(), p384);
}

TEST(CoseKey, bad_keys) {
  const std::string x(64, '1'), x384(96, '1');
  const auto error = [](const std::string& text) {
    const auto key = read_key(from_hex(text));
    return key ? 0 : status_of(key.error());
  };
  constexpr long kInvalid = status_of(Error::INVALID), kNotSupported = status_of(Error::NOT_SUPPORTED);
  EXPECT_EQ(error("a3 0101 2006 215820" + x), 0);
  EXPECT_EQ(error("a4 0101 024131 2006 215820" + x), 0);                      // a key id
  EXPECT_EQ(error("a4 0101 04820102 2006 215820" + x), 0);                    // sign and verify
  EXPECT_EQ(error("a4 0101 048101 2006 215820" + x), kInvalid);               // sign only
  EXPECT_EQ(error("a4 0101 0480 2006 215820" + x), kInvalid);                 // nothing
  EXPECT_EQ(error("a4 0101 033822 2006 215820" + x), kInvalid);               // ES384 with Ed25519
  EXPECT_EQ(error("a3 0101 2006 21581f" + x.substr(2)), kInvalid);            // a byte too few
  EXPECT_EQ(error("a4 0101 2006 215820" + x + "225820" + x), kInvalid);       // two coordinates
  EXPECT_EQ(error("a2 0101 2006"), kInvalid);                                 // none
  EXPECT_EQ(error("a2 2006 215820" + x), kInvalid);                           // no type
  EXPECT_EQ(error("a3 0101 2007 215820" + x), kNotSupported);                 // Ed448
  EXPECT_EQ(error("a3 0102 2006 215820" + x), kNotSupported);                 // Ed25519 as EC2
  EXPECT_EQ(error("a4 0102 2001 215820" + x + "225820" + x), kNotSupported);  // P-256
  EXPECT_EQ(error("a4 0102 2002 215830" + x384 + "225830" + x384), 0);
  EXPECT_EQ(error("a4 0102 2002 215830" + x384 + "22f5"), kInvalid);  // a compressed point
  EXPECT_EQ(error("a3 0102 2002 215830" + x384), kInvalid);
  EXPECT_EQ(error("80"), kInvalid);
}

}  // namespace
}  // namespace redoubt::crypto::cose
