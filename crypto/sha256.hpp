// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4) in integer registers only: EL2 must not touch the SIMD state, which belongs to whoever was
// interrupted. The state is not wiped after use: hash secrets with it only where the owner wipes the object.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace redoubt::crypto {

using Sha256Digest = std::array<std::byte, 32>;

// One message, given in any number of pieces of any size (under 2^61 bytes in all). Not thread-safe.
class Sha256 {
 public:
  static constexpr std::size_t kBlockBytes = 64;
  using State = std::array<std::uint32_t, 8>;
  using Digest = Sha256Digest;

  constexpr Sha256() noexcept = default;

  // Fastest when `data` is aligned to 4 bytes and the pieces before it add up to whole blocks.
  void update(std::span<const std::byte> data) noexcept;

  // The digest of everything given. The object is spent: assign Sha256{} to hash another message.
  [[nodiscard]] auto finish() noexcept -> Sha256Digest;

 private:
  // FIPS 180-4 5.3.3.
  State state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::uint64_t bytes_ = 0;                                // length of the message so far
  alignas(8) std::array<std::byte, kBlockBytes> block_{};  // its last bytes_ % kBlockBytes bytes
};

[[nodiscard]] auto sha256(std::span<const std::byte> message) noexcept -> Sha256Digest;

}  // namespace redoubt::crypto
