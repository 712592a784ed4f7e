// SPDX-License-Identifier: Apache-2.0
// Poly1305 (RFC 8439 2.5), a one-time authenticator: a key must never see two messages. Constant time.
#pragma once

#include <cstdint>

#include "crypto/bytes.hpp"

namespace redoubt::crypto {

using Poly1305Key = SecretBytes<struct Poly1305KeyTag, 32>;
using Poly1305Tag = PublicBytes<struct Poly1305TagTag, 16>;

// One message. Wiped at the end of its life.
class Poly1305 {
 public:
  static constexpr std::size_t kBlockBytes = 16;

  explicit Poly1305(const Poly1305Key& key) noexcept;
  ~Poly1305() noexcept;
  Poly1305(const Poly1305&) = delete;
  auto operator=(const Poly1305&) -> Poly1305& = delete;

  void update(ByteView data) noexcept;
  // Zeros up to the next multiple of a block (RFC 8439 2.8's padding); none if there already.
  void pad_to_block() noexcept;
  // The object is spent.
  [[nodiscard]] auto finish() noexcept -> Poly1305Tag;

 private:
  void absorb(std::span<const std::byte, kBlockBytes> block, std::uint64_t top) noexcept;

  std::array<std::uint64_t, 2> r_;  // clamped
  std::array<std::uint64_t, 2> s_;
  std::array<std::uint64_t, 3> h_{};            // the sum so far, under 2^131
  std::array<std::byte, kBlockBytes> block_{};  // the last held_ bytes of the message
  std::size_t held_ = 0;
};

}  // namespace redoubt::crypto
