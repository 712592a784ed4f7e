// SPDX-License-Identifier: Apache-2.0
// Recognising the secret of the payload `secret` (guest/payloads/secret/secret.hpp) from the pattern id it prints.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace redoubt::vmm::attack {

// Holds products of the secret's words with an odd factor, never the words: a scan of all memory must not find ours.
class SecretMatch {
 public:
  static constexpr std::uint64_t kFactor = 0x9fb2'1c65'1e98'df25;

  SecretMatch() = default;
  explicit SecretMatch(std::uint64_t pattern) noexcept {
    for (std::uint64_t i = 0; i < products_.size(); ++i) {
      products_[i] = splitmix64(kSeed + pattern + i * 0x9e37'79b9'7f4a'7c15) * kFactor;
    }
  }

  [[nodiscard]] auto matches(std::uint64_t word) const noexcept -> bool {
    for (const std::uint64_t product : products_) {
      if (word * kFactor == product) return true;
    }
    return false;
  }
  // Any word of the bytes, at multiples of 8.
  [[nodiscard]] auto found_in(std::span<const std::byte> bytes) const noexcept -> bool {
    for (std::size_t at = 0; at + sizeof(std::uint64_t) <= bytes.size(); at += sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + at, sizeof word);
      if (matches(word)) return true;
    }
    return false;
  }
  [[nodiscard]] auto products() const noexcept -> std::span<const std::uint64_t, 4> { return products_; }

  // What the payload computes; only for planting a control.
  [[nodiscard]] static auto splitmix64(std::uint64_t z) noexcept -> std::uint64_t {
    z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
    z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
    return z ^ (z >> 31);
  }

 private:
  static constexpr std::uint64_t kSeed = 0x5245'444f'5542'5421;
  std::array<std::uint64_t, 4> products_{};
};

}  // namespace redoubt::vmm::attack
