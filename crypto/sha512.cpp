// SPDX-License-Identifier: Apache-2.0
// Sixteen rounds are unrolled, so that every array index in them is a constant and the sixteen live words of the message
// schedule and the eight of the state stay in registers; five passes over them make a block.
#include "crypto/sha512.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>

#include "crypto/byte_order.hpp"
#include "crypto/sha512_constants.hpp"

namespace redoubt::crypto {
namespace {

using Words = std::array<std::uint64_t, 16>;

constexpr std::size_t kLengthBytes = 16;

// FIPS 180-4 4.1.3, (4.10) to (4.13).
constexpr auto big_sigma0(std::uint64_t x) noexcept -> std::uint64_t {
  return std::rotr(x, 28) ^ std::rotr(x, 34) ^ std::rotr(x, 39);
}
constexpr auto big_sigma1(std::uint64_t x) noexcept -> std::uint64_t {
  return std::rotr(x, 14) ^ std::rotr(x, 18) ^ std::rotr(x, 41);
}
constexpr auto small_sigma0(std::uint64_t x) noexcept -> std::uint64_t {
  return std::rotr(x, 1) ^ std::rotr(x, 8) ^ (x >> 7);
}
constexpr auto small_sigma1(std::uint64_t x) noexcept -> std::uint64_t {
  return std::rotr(x, 19) ^ std::rotr(x, 61) ^ (x >> 6);
}

// Instead of moving a..h along after each round, round n finds its k-th variable in s[(k - n) mod 8].
[[gnu::always_inline]] inline void sixteen_rounds(Sha512Engine::State& s, const Words& w, unsigned first) noexcept {
#pragma clang loop unroll(full)
  for (unsigned n = 0; n < 16; ++n) {
    const std::uint64_t a = s[(0 - n) % 8], b = s[(1 - n) % 8], c = s[(2 - n) % 8];
    const std::uint64_t e = s[(4 - n) % 8], f = s[(5 - n) % 8], g = s[(6 - n) % 8];
    std::uint64_t& d = s[(3 - n) % 8];
    std::uint64_t& h = s[(7 - n) % 8];
    h += kSha512Constants[first + n] + w[n] + (g ^ (e & (f ^ g))) + big_sigma1(e);
    d += h;
    h += big_sigma0(a) + (((a ^ b) & (b ^ c)) ^ b);
  }
}

// The next sixteen words of the schedule (6.4.2 step 1) in place of the last sixteen.
[[gnu::always_inline]] inline void next_words(Words& w) noexcept {
#pragma clang loop unroll(full)
  for (unsigned n = 0; n < 16; ++n) {
    w[n] += small_sigma0(w[(n + 1) % 16]) + w[(n + 9) % 16] + small_sigma1(w[(n + 14) % 16]);
  }
}

// Whole blocks, aligned to 8 bytes: unaligned words would be loaded byte by byte (-mstrict-align).
void compress(Sha512Engine::State& state, std::span<const std::byte> blocks) noexcept {
  for (; blocks.size() >= Sha512Engine::kBlockBytes; blocks = blocks.subspan(Sha512Engine::kBlockBytes)) {
    Words w;
    __builtin_memcpy(w.data(), std::assume_aligned<alignof(std::uint64_t)>(blocks.data()), sizeof(w));
    if constexpr (std::endian::native == std::endian::little) {
      for (auto& word : w) word = std::byteswap(word);
    }
    Sha512Engine::State s = state;
    for (unsigned first = 0; first < kSha512Rounds; first += 16) {
      if (first != 0) next_words(w);
      sixteen_rounds(s, w, first);
    }
    for (unsigned n = 0; n < s.size(); ++n) state[n] += s[n];
  }
}

[[nodiscard]] auto word_aligned(std::span<const std::byte> bytes) noexcept -> bool {
  return reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(std::uint64_t) == 0;
}

}  // namespace

void Sha512Engine::update(std::span<const std::byte> data) noexcept {
  while (!data.empty()) {
    const auto held = static_cast<std::size_t>(bytes_ % kBlockBytes);
    std::size_t taken = std::min(kBlockBytes - held, data.size());
    if (taken == kBlockBytes && word_aligned(data)) {
      taken = data.size() - data.size() % kBlockBytes;
      compress(state_, data.first(taken));
    } else {
      std::memcpy(block_.data() + held, data.data(), taken);
      if (held + taken == kBlockBytes) compress(state_, block_);
    }
    bytes_ += taken;
    data = data.subspan(taken);
  }
}

// FIPS 180-4 5.1.2: a one bit, zeros, the length in bits (128 of them) at the end of a block.
void Sha512Engine::finish(std::span<std::byte> digest) noexcept {
  auto held = static_cast<std::size_t>(bytes_ % kBlockBytes);
  block_[held++] = std::byte{0x80};
  if (held > kBlockBytes - kLengthBytes) {
    std::fill(block_.begin() + held, block_.end(), std::byte{0});
    compress(state_, block_);
    held = 0;
  }
  std::fill(block_.begin() + held, block_.end(), std::byte{0});
  store_big(std::span{block_}.last<8>(), bytes_ * 8);
  compress(state_, block_);
  for (std::size_t n = 0; n < digest.size() / 8; ++n) store_big(digest.subspan(8 * n).first<8>(), state_[n]);
}

auto Sha512::finish() noexcept -> Digest {
  Digest digest;
  engine_.finish(digest);
  return digest;
}

auto Sha384::finish() noexcept -> Digest {
  Digest digest;
  engine_.finish(digest);
  return digest;
}

auto sha512(std::span<const std::byte> message) noexcept -> Sha512Digest {
  Sha512 hash;
  hash.update(message);
  return hash.finish();
}

auto sha384(std::span<const std::byte> message) noexcept -> Sha384Digest {
  Sha384 hash;
  hash.update(message);
  return hash.finish();
}

}  // namespace redoubt::crypto
