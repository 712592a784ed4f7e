// SPDX-License-Identifier: Apache-2.0
// Arithmetic modulo p = 2^130 - 5 with two and a bit limbs of 64 bits: 2^130 = 5 mod p, and r's clamping leaves room for
// the carries.
#include "crypto/poly1305.hpp"

#include "crypto/wide/limbs.hpp"

namespace redoubt::crypto {
namespace {

// RFC 8439 2.5.1: the top four bits of each 32-bit word and the bottom two of all but the first.
constexpr std::array<std::uint64_t, 2> kClamp{0x0ffffffc0fffffff, 0x0ffffffc0ffffffc};

}  // namespace

Poly1305::Poly1305(const Poly1305Key& key) noexcept {
  r_ = limbs_from_little<2>(key.reveal().first<16>());
  s_ = limbs_from_little<2>(key.reveal().last<16>());
  for (std::size_t n = 0; n < r_.size(); ++n) r_[n] &= kClamp[n];
}

Poly1305::~Poly1305() noexcept {
  wipe_object(r_);
  wipe_object(s_);
  wipe_object(h_);
  wipe(block_);
}

// h = (h + block + top 2^128) r mod p, partially reduced. With r = r0 + r1 2^64 a product with r1 at the weight 2^128 is
// 5 (r1 / 4) at the weight 1: r1 is a multiple of 4.
void Poly1305::absorb(std::span<const std::byte, kBlockBytes> block, std::uint64_t top) noexcept {
  const auto words = limbs_from_little<2>(block);
  Double digit = Double{h_[0]} + words[0];
  const std::uint64_t h0 = low_limb(digit);
  digit = Double{h_[1]} + words[1] + high_limb(digit);
  const std::uint64_t h1 = low_limb(digit);
  const std::uint64_t h2 = h_[2] + top + high_limb(digit);

  const std::uint64_t folded = r_[1] + (r_[1] >> 2);
  const Double low = Double{h0} * r_[0] + Double{h1} * folded;
  const Double middle = Double{h0} * r_[1] + Double{h1} * r_[0] + Double{h2} * folded + high_limb(low);
  const std::uint64_t high = h2 * r_[0] + high_limb(middle);

  // What is at 2^130 and above comes back five times at the bottom: (high >> 2) * 5.
  digit = Double{low_limb(low)} + (high >> 2) + (high & ~std::uint64_t{3});
  h_[0] = low_limb(digit);
  digit = Double{low_limb(middle)} + high_limb(digit);
  h_[1] = low_limb(digit);
  h_[2] = (high & 3) + high_limb(digit);
}

void Poly1305::update(ByteView data) noexcept {
  while (!data.empty()) {
    if (held_ == 0 && data.size() >= kBlockBytes) {
      absorb(data.first<kBlockBytes>(), 1);
      data = data.subspan(kBlockBytes);
      continue;
    }
    const std::size_t taken = std::min(kBlockBytes - held_, data.size());
    std::ranges::copy(data.first(taken), std::span{block_}.subspan(held_).begin());
    held_ += taken;
    data = data.subspan(taken);
    if (held_ == kBlockBytes) {
      absorb(block_, 1);
      held_ = 0;
    }
  }
}

void Poly1305::pad_to_block() noexcept {
  if (held_ == 0) return;
  std::ranges::fill(std::span{block_}.subspan(held_), std::byte{0});
  absorb(block_, 1);
  held_ = 0;
}

auto Poly1305::finish() noexcept -> Poly1305Tag {
  if (held_ != 0) {  // RFC 8439 2.5.1: a one bit after the last byte, here within the block
    block_[held_++] = std::byte{1};
    std::ranges::fill(std::span{block_}.subspan(held_), std::byte{0});
    absorb(block_, 0);
  }
  // h < 2 p. h + 5 reaches 2^130 exactly if h >= p; then its lower 130 bits are h - p, else h is kept.
  const auto plus = add(h_, Limbs<3>{5}).value;
  const Limbs<3> reduced = choose(mask_of((plus[2] >> 2) & 1), plus, h_);
  const auto sum = add(Limbs<2>{reduced[0], reduced[1]}, s_).value;
  Poly1305Tag tag;
  store_limbs_little<2>(tag.bytes, sum);
  return tag;
}

}  // namespace redoubt::crypto
