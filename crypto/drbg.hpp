// SPDX-License-Identifier: Apache-2.0
// Deterministic random bit generator with fast key erasure: each request replaces the key by fresh key stream before it
// answers, so that a later compromise reveals nothing given out earlier.
#pragma once

#include <cstdint>
#include <span>

#include "crypto/chacha20.hpp"

namespace redoubt::crypto {

// Not thread-safe: the owner serialises.
class Drbg {
 public:
  constexpr Drbg() noexcept = default;

  // Mixes entropy in (any length; more is absorbed block by block). Never reduces what is there already.
  void reseed(std::span<const std::uint64_t> entropy) noexcept;

  [[nodiscard]] constexpr auto seeded() const noexcept -> bool { return seeded_; }

  // Fills `out`. Precondition: seeded().
  void generate(std::span<std::uint64_t> out) noexcept;

 private:
  void advance() noexcept;
  ChaChaKey key_{};
  std::uint32_t buffered_ = 0;  // 64-bit words of `stream_` not given out yet
  std::array<std::uint64_t, 4> stream_{};
  bool seeded_ = false;
};

}  // namespace redoubt::crypto
