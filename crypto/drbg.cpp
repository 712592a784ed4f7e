// SPDX-License-Identifier: Apache-2.0
#include "crypto/drbg.hpp"

namespace redoubt::crypto {

void Drbg::reseed(std::span<const std::uint64_t> entropy) noexcept {
  for (std::size_t at = 0; at < entropy.size(); ++at) {
    const std::size_t lane = (at % 4) * 2;
    key_[lane] ^= static_cast<std::uint32_t>(entropy[at]);
    key_[lane + 1] ^= static_cast<std::uint32_t>(entropy[at] >> 32);
    if (at % 4 == 3 || at + 1 == entropy.size()) advance();
  }
  seeded_ = seeded_ || !entropy.empty();
}

// One block: the first half is the next key, the second half is output.
void Drbg::advance() noexcept {
  const auto block = chacha20_block(key_, 0, ChaChaNonce{});
  for (unsigned n = 0; n < key_.size(); ++n) key_[n] = block[n];
  for (unsigned n = 0; n < stream_.size(); ++n) {
    stream_[n] = block[8 + 2 * n] | (std::uint64_t{block[9 + 2 * n]} << 32);
  }
  buffered_ = static_cast<std::uint32_t>(stream_.size());
}

void Drbg::generate(std::span<std::uint64_t> out) noexcept {
  for (auto& word : out) {
    if (buffered_ == 0) advance();
    word = stream_[--buffered_];
    stream_[buffered_] = 0;
  }
}

}  // namespace redoubt::crypto
