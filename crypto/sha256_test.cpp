// SPDX-License-Identifier: Apache-2.0
#include "crypto/sha256.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <random>
#include <string>

#include "crypto/testing/random.hpp"

namespace redoubt::crypto {
namespace {

auto openssl_sha256(std::span<const std::byte> message) -> Sha256Digest {
  Sha256Digest digest{};
  EXPECT_EQ(EVP_Digest(message.data(), message.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr,
                       EVP_sha256(), nullptr),
            1);
  return digest;
}

TEST(Sha256, good_nist_vectors) {
  EXPECT_EQ(hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256(bytes_of("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256(bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex(sha256(bytes_of("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
                                "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"))),
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  EXPECT_EQ(hex(sha256(bytes_of(std::string(1'000'000, 'a')))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// Every length around the points where the padding changes its shape, at every alignment of the first byte.
TEST(Sha256, good_every_length_and_alignment_agrees_with_openssl) {
  std::mt19937_64 random{1};
  const Bytes data = random_bytes(random, 300);
  for (std::size_t skew = 0; skew < 8; ++skew) {
    for (std::size_t length = 0; length <= 264; ++length) {
      const auto message = std::span{data}.subspan(skew, length);
      ASSERT_EQ(sha256(message), openssl_sha256(message)) << length << " bytes at " << skew;
    }
  }
}

TEST(Sha256, good_every_split_in_two_equals_one_piece) {
  std::mt19937_64 random{2};
  const Bytes data = random_bytes(random, 260);
  for (const std::size_t length : {1U, 55U, 56U, 63U, 64U, 65U, 119U, 120U, 128U, 200U, 260U}) {
    const auto message = std::span{data}.first(length);
    const auto expected = openssl_sha256(message);
    for (std::size_t split = 0; split <= length; ++split) {
      Sha256 hash;
      hash.update(message.first(split));
      hash.update(message.subspan(split));
      ASSERT_EQ(hash.finish(), expected) << length << " split at " << split;
    }
  }
}

TEST(Sha256, good_random_pieces_agree_with_openssl) {
  std::mt19937_64 random{3};
  for (int round = 0; round < 300; ++round) {
    const Bytes message = random_bytes(random, random() % 20'000);
    std::span<const std::byte> rest{message};
    Sha256 hash;
    while (!rest.empty()) {
      const std::size_t piece = std::min<std::size_t>(rest.size(), random() % 300);
      hash.update(rest.first(piece));
      rest = rest.subspan(piece);
    }
    ASSERT_EQ(hash.finish(), openssl_sha256(message)) << message.size() << " bytes";
  }
}

TEST(Sha256, bad_one_flipped_bit_changes_the_digest) {
  std::mt19937_64 random{4};
  Bytes message = random_bytes(random, 130);
  const auto before = sha256(message);
  for (auto& byte : message) {
    byte ^= std::byte{0x10};
    EXPECT_NE(sha256(message), before);
    byte ^= std::byte{0x10};
  }
  EXPECT_EQ(sha256(message), before);
}

}  // namespace
}  // namespace redoubt::crypto
