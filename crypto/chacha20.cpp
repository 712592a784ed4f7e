// SPDX-License-Identifier: Apache-2.0
#include "crypto/chacha20.hpp"

#include <bit>

namespace redoubt::crypto {
namespace {

constexpr unsigned kDoubleRounds = 10;

constexpr void quarter_round(ChaChaBlock& s, unsigned a, unsigned b, unsigned c, unsigned d) noexcept {
  s[a] += s[b];
  s[d] = std::rotl(s[d] ^ s[a], 16);
  s[c] += s[d];
  s[b] = std::rotl(s[b] ^ s[c], 12);
  s[a] += s[b];
  s[d] = std::rotl(s[d] ^ s[a], 8);
  s[c] += s[d];
  s[b] = std::rotl(s[b] ^ s[c], 7);
}

}  // namespace

auto chacha20_block(const ChaChaKey& key, std::uint32_t counter, const ChaChaNonce& nonce) noexcept -> ChaChaBlock {
  ChaChaBlock initial{0x6170'7865, 0x3320'646e, 0x7962'2d32, 0x6b20'6574};
  for (unsigned n = 0; n < key.size(); ++n) initial[4 + n] = key[n];
  initial[12] = counter;
  for (unsigned n = 0; n < nonce.size(); ++n) initial[13 + n] = nonce[n];
  ChaChaBlock state = initial;
  for (unsigned round = 0; round < kDoubleRounds; ++round) {
    quarter_round(state, 0, 4, 8, 12);
    quarter_round(state, 1, 5, 9, 13);
    quarter_round(state, 2, 6, 10, 14);
    quarter_round(state, 3, 7, 11, 15);
    quarter_round(state, 0, 5, 10, 15);
    quarter_round(state, 1, 6, 11, 12);
    quarter_round(state, 2, 7, 8, 13);
    quarter_round(state, 3, 4, 9, 14);
  }
  for (unsigned n = 0; n < state.size(); ++n) state[n] += initial[n];
  return state;
}

}  // namespace redoubt::crypto
