// SPDX-License-Identifier: Apache-2.0
// The TRNG firmware interface (DEN0098) for guests. The host contributes nothing to what it answers.
#include <array>

#include "hyp/cpu/entropy.hpp"
#include "hyp/vcpu/guest_call.hpp"

namespace redoubt::hyp {
namespace {

using arm64::Fid;
using arm64::TrngStatus;

// Names the implementation, as the interface asks: a random version-4 UUID of Redoubt's own.
constexpr std::uint32_t kUuid[4] = {0x6f1d'3c52, 0x4b7e'4f0a, 0x9c31'd2ae, 0x58b6'0e47};

auto answer(TrngStatus status) noexcept -> std::uint64_t { return static_cast<std::uint64_t>(status); }

// x1 = bits wanted; the result has the most significant word in x1 and zeros above what was asked for.
void draw(Vcpu& vcpu, unsigned word_bits) noexcept {
  auto& x = vcpu.context.x;
  const std::uint64_t bits = x[1];
  if (bits == 0 || bits > 3U * word_bits) {
    x[0] = answer(TrngStatus::INVALID_PARAMETERS);
    return;
  }
  std::array<std::uint64_t, 3> words{};
  if (!random_words(words)) {
    x[0] = answer(TrngStatus::NO_ENTROPY);
    return;
  }
  for (unsigned n = 0; n < words.size(); ++n) {  // n = 0 is the least significant word, in x3
    const std::uint64_t below = std::uint64_t{n} * word_bits;
    const std::uint64_t wanted = bits > below ? bits - below : 0;
    const auto width = static_cast<unsigned>(wanted < word_bits ? wanted : word_bits);
    x[3 - n] = words[n] & bit_mask(0, width);
  }
  x[0] = 0;
}

}  // namespace

void guest_trng(Vcpu& vcpu, Fid call) noexcept {
  auto& x = vcpu.context.x;
  switch (call) {
    case Fid::TRNG_VERSION: x[0] = arm64::kTrng1_0; return;
    case Fid::TRNG_FEATURES: {
      const auto asked = static_cast<Fid>(x[1]);
      const bool known = x[1] <= 0xffff'ffff && arm64::is_trng(asked) && x[1] != 0xc400'0050 && x[1] != 0xc400'0051 &&
                         x[1] != 0xc400'0052 && (x[1] & 0xf) <= 3;
      x[0] = known ? 0 : answer(TrngStatus::NOT_SUPPORTED);
      return;
    }
    case Fid::TRNG_GET_UUID:
      for (unsigned n = 0; n < 4; ++n) x[n] = kUuid[n];
      return;
    case Fid::TRNG_RND32: return draw(vcpu, 32);
    case Fid::TRNG_RND64: return draw(vcpu, 64);
    default: x[0] = answer(TrngStatus::NOT_SUPPORTED); return;
  }
}

}  // namespace redoubt::hyp
