// SPDX-License-Identifier: Apache-2.0
// Guest images of tens of megabytes are hashed here, so instructions per byte count: 28 on arm64. The sixteen live words
// of the message schedule and the eight of the state have to stay in registers, so all rounds are unrolled, which makes
// every array index below a constant, and one call takes any number of blocks.
#include "crypto/sha256.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>

#include "crypto/sha256_constants.hpp"

namespace redoubt::crypto {
namespace {

using Words = std::array<std::uint32_t, 16>;

constexpr unsigned kUnrolled = 16;
constexpr std::size_t kLengthBytes = 8;

// FIPS 180-4 4.1.2, (4.4) to (4.7).
constexpr auto big_sigma0(std::uint32_t x) noexcept -> std::uint32_t {
  return std::rotr(x, 2) ^ std::rotr(x, 13) ^ std::rotr(x, 22);
}
constexpr auto big_sigma1(std::uint32_t x) noexcept -> std::uint32_t {
  return std::rotr(x, 6) ^ std::rotr(x, 11) ^ std::rotr(x, 25);
}
constexpr auto small_sigma0(std::uint32_t x) noexcept -> std::uint32_t {
  return std::rotr(x, 7) ^ std::rotr(x, 18) ^ (x >> 3);
}
constexpr auto small_sigma1(std::uint32_t x) noexcept -> std::uint32_t {
  return std::rotr(x, 17) ^ std::rotr(x, 19) ^ (x >> 10);
}

// Rounds kFirst .. kFirst + 15. Instead of moving a..h along after each round, round n finds its k-th variable in
// s[(k - n) mod 8]. Maj(a, b, c) is ((a ^ b) & (b ^ c)) ^ b, and this round's a ^ b is the next one's b ^ c.
template <unsigned kFirst>
[[gnu::always_inline]] inline void sixteen_rounds(Sha256::State& s, Words& w) noexcept {
  std::uint32_t b_xor_c = s[1] ^ s[2];
#pragma clang loop unroll(full)
  for (unsigned n = 0; n < kUnrolled; ++n) {
    if constexpr (kFirst != 0) {
      w[n] += small_sigma0(w[(n + 1) % 16]) + w[(n + 9) % 16] + small_sigma1(w[(n + 14) % 16]);
    }
    const std::uint32_t a = s[(0 - n) % 8], b = s[(1 - n) % 8];
    const std::uint32_t e = s[(4 - n) % 8], f = s[(5 - n) % 8], g = s[(6 - n) % 8];
    std::uint32_t& d = s[(3 - n) % 8];
    std::uint32_t& h = s[(7 - n) % 8];
    h += kSha256Constants[kFirst + n];
    h += w[n];
    h += g ^ (e & (f ^ g));
    h += big_sigma1(e);
    d += h;
    const std::uint32_t a_xor_b = a ^ b;
    h += big_sigma0(a) + ((a_xor_b & b_xor_c) ^ b);
    b_xor_c = a_xor_b;
  }
}

// `block` is aligned to 4 bytes.
void compress(Sha256::State& state, const std::byte* block, std::size_t blocks) noexcept {
  for (; blocks != 0; --blocks, block += Sha256::kBlockBytes) {
    Words w;
    // The builtin: a freestanding compiler calls std::memcpy and keeps the words in memory.
    __builtin_memcpy(w.data(), std::assume_aligned<alignof(std::uint32_t)>(block), sizeof(w));
    if constexpr (std::endian::native == std::endian::little) {
      for (auto& word : w) word = std::byteswap(word);
    }
    Sha256::State s = state;
    sixteen_rounds<0>(s, w);
    sixteen_rounds<16>(s, w);
    sixteen_rounds<32>(s, w);
    sixteen_rounds<48>(s, w);
    for (unsigned n = 0; n < s.size(); ++n) state[n] += s[n];
  }
}

auto word_aligned(const std::byte* at) noexcept -> bool {
  return reinterpret_cast<std::uintptr_t>(at) % alignof(std::uint32_t) == 0;
}

void store_big_endian(std::span<std::byte> to, std::uint64_t value) noexcept {
  for (std::size_t n = to.size(); n-- > 0; value >>= 8) to[n] = static_cast<std::byte>(value & 0xff);
}

}  // namespace

void Sha256::update(std::span<const std::byte> data) noexcept {
  while (!data.empty()) {
    const auto held = static_cast<std::size_t>(bytes_ % kBlockBytes);
    std::size_t taken = std::min(kBlockBytes - held, data.size());
    if (taken == kBlockBytes && word_aligned(data.data())) {
      taken = data.size() - data.size() % kBlockBytes;
      compress(state_, data.data(), taken / kBlockBytes);
    } else {
      std::memcpy(block_.data() + held, data.data(), taken);
      if (held + taken == kBlockBytes) compress(state_, block_.data(), 1);
    }
    bytes_ += taken;
    data = data.subspan(taken);
  }
}

// FIPS 180-4 5.1.1: a one bit, zeros, the length in bits at the end of a block.
auto Sha256::finish() noexcept -> Sha256Digest {
  auto held = static_cast<std::size_t>(bytes_ % kBlockBytes);
  block_[held++] = std::byte{0x80};
  if (held > kBlockBytes - kLengthBytes) {
    std::fill(block_.begin() + held, block_.end(), std::byte{0});
    compress(state_, block_.data(), 1);
    held = 0;
  }
  std::fill(block_.begin() + held, block_.end(), std::byte{0});
  store_big_endian(std::span{block_}.last(kLengthBytes), bytes_ * 8);
  compress(state_, block_.data(), 1);
  Sha256Digest digest;
  for (std::size_t n = 0; n < state_.size(); ++n) store_big_endian(std::span{digest}.subspan(4 * n, 4), state_[n]);
  return digest;
}

auto sha256(std::span<const std::byte> message) noexcept -> Sha256Digest {
  Sha256 hash;
  hash.update(message);
  return hash.finish();
}

}  // namespace redoubt::crypto
