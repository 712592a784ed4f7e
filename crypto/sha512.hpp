// SPDX-License-Identifier: Apache-2.0
// SHA-512 and SHA-384 (FIPS 180-4) in integer registers. The objects are not wiped after use: hash secrets only with
// one that its owner wipes (crypto/wipe.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace redoubt::crypto {

using Sha512Digest = std::array<std::byte, 64>;
using Sha384Digest = std::array<std::byte, 48>;

// What the two have in common: everything but the initial value and the length of the answer.
class Sha512Engine {
 public:
  static constexpr std::size_t kBlockBytes = 128;
  using State = std::array<std::uint64_t, 8>;

  constexpr explicit Sha512Engine(const State& initial) noexcept : state_(initial) {}
  void update(std::span<const std::byte> data) noexcept;
  void finish(std::span<std::byte> digest) noexcept;  // its first bytes, at most 64, a multiple of 8

 private:
  State state_;
  std::uint64_t bytes_ = 0;                                // length of the message so far
  alignas(8) std::array<std::byte, kBlockBytes> block_{};  // its last bytes_ % kBlockBytes bytes
};

// One message, given in any number of pieces of any size (under 2^61 bytes in all). Not thread-safe.
class Sha512 {
 public:
  static constexpr std::size_t kBlockBytes = Sha512Engine::kBlockBytes;
  using Digest = Sha512Digest;

  void update(std::span<const std::byte> data) noexcept { engine_.update(data); }
  // The digest of everything given. The object is spent.
  [[nodiscard]] auto finish() noexcept -> Digest;

 private:
  // FIPS 180-4 5.3.5.
  Sha512Engine engine_{{0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
                        0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179}};
};

class Sha384 {
 public:
  static constexpr std::size_t kBlockBytes = Sha512Engine::kBlockBytes;
  using Digest = Sha384Digest;

  void update(std::span<const std::byte> data) noexcept { engine_.update(data); }
  [[nodiscard]] auto finish() noexcept -> Digest;

 private:
  // FIPS 180-4 5.3.4.
  Sha512Engine engine_{{0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
                        0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4}};
};

[[nodiscard]] auto sha512(std::span<const std::byte> message) noexcept -> Sha512Digest;
[[nodiscard]] auto sha384(std::span<const std::byte> message) noexcept -> Sha384Digest;

}  // namespace redoubt::crypto
