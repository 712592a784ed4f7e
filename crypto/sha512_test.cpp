// SPDX-License-Identifier: Apache-2.0
#include "crypto/sha512.hpp"

#include "crypto/testing/openssl.hpp"
#include "crypto/testing/random.hpp"

namespace redoubt::crypto {
namespace {

constexpr std::string_view kTwoBlocks =
    "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";

TEST(Sha512, good_nist_vectors) {
  EXPECT_EQ(hex(sha512({})),
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
            "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e");
  EXPECT_EQ(hex(sha512(bytes_of("abc"))),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
  EXPECT_EQ(hex(sha512(bytes_of(kTwoBlocks))),
            "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
            "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909");
  EXPECT_EQ(hex(sha512(bytes_of(std::string(1'000'000, 'a')))),
            "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
            "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b");
}

TEST(Sha384, good_nist_vectors) {
  EXPECT_EQ(hex(sha384({})),
            "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da"
            "274edebfe76f65fbd51ad2f14898b95b");
  EXPECT_EQ(hex(sha384(bytes_of("abc"))),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
            "8086072ba1e7cc2358baeca134c825a7");
  EXPECT_EQ(hex(sha384(bytes_of(kTwoBlocks))),
            "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712"
            "fcc7c71a557e2db966c3e9fa91746039");
}

// Every length around the points where the padding changes its shape, at every alignment of the first byte.
TEST(Sha512, good_every_length_and_alignment_agrees_with_openssl) {
  std::mt19937_64 random{1};
  const Bytes data = random_bytes(random, 400);
  for (std::size_t length = 0; length <= 264; ++length) {
    const auto message = std::span{data}.subspan(length % 8, length);
    ASSERT_EQ(hex(sha512(message)), hex(openssl::digest(EVP_sha512(), message))) << length;
    ASSERT_EQ(hex(sha384(message)), hex(openssl::digest(EVP_sha384(), message))) << length;
  }
}

TEST(Sha512, good_random_pieces_agree_with_openssl) {
  std::mt19937_64 random{3};
  for (int round = 0; round < 100; ++round) {
    const Bytes message = random_bytes(random, random() % 5'000);
    std::span<const std::byte> rest{message};
    Sha512 hash;
    while (!rest.empty()) {
      const std::size_t piece = std::min<std::size_t>(rest.size(), random() % 400);
      hash.update(rest.first(piece));
      rest = rest.subspan(piece);
    }
    ASSERT_EQ(hex(hash.finish()), hex(openssl::digest(EVP_sha512(), message))) << message.size() << " bytes";
  }
}

}  // namespace
}  // namespace redoubt::crypto
