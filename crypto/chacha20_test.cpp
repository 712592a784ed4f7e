// SPDX-License-Identifier: Apache-2.0
#include "crypto/chacha20.hpp"

#include <gtest/gtest.h>

#include <set>

#include "crypto/drbg.hpp"

namespace redoubt::crypto {
namespace {

// RFC 8439 2.3.2.
TEST(ChaCha20, good_rfc8439_block) {
  const ChaChaKey key{0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c, 0x13121110, 0x17161514, 0x1b1a1918, 0x1f1e1d1c};
  const ChaChaBlock expected{0xe4e7f110, 0x15593bd1, 0x1fdd0f50, 0xc47120a3, 0xc7f4d1c7, 0x0368c033,
                             0x9aaa2204, 0x4e6cd4c3, 0x466482d2, 0x09aa9f07, 0x05d7c214, 0xa2028bd9,
                             0xd19c12b5, 0xb94e16de, 0xe883d0cb, 0x4e3c50a2};
  EXPECT_EQ(chacha20_block(key, 1, ChaChaNonce{0x09000000, 0x4a000000, 0}), expected);
}

TEST(Drbg, good_same_seed_same_stream_and_no_repeats) {
  const std::array<std::uint64_t, 5> seed{1, 2, 3, 4, 5};
  Drbg a, b;
  a.reseed(seed);
  b.reseed(seed);
  std::set<std::uint64_t> seen;
  for (int round = 0; round < 1000; ++round) {
    std::array<std::uint64_t, 3> x{}, y{};
    a.generate(x);
    b.generate(y);
    EXPECT_EQ(x, y);
    for (const auto word : x) EXPECT_TRUE(seen.insert(word).second);
  }
}

TEST(Drbg, good_reseed_changes_the_stream) {
  const std::array<std::uint64_t, 1> seed{1}, more{2};
  Drbg a, b;
  a.reseed(seed);
  b.reseed(seed);
  b.reseed(more);
  std::array<std::uint64_t, 4> x{}, y{};
  a.generate(x);
  b.generate(y);
  EXPECT_NE(x, y);
}

TEST(Drbg, bad_unseeded_says_so) { EXPECT_FALSE(Drbg{}.seeded()); }

}  // namespace
}  // namespace redoubt::crypto
