// SPDX-License-Identifier: Apache-2.0
// Byte strings with a meaning. Tag makes a nonce and a key of the same length different types.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "base/result.hpp"
#include "crypto/wipe.hpp"

namespace redoubt::crypto {

using ByteView = std::span<const std::byte>;

// One message in pieces, in order: what is signed is often a short header and a payload somewhere else.
using Pieces = std::span<const ByteView>;

// Anyone may know these: digests, public keys, signatures.
template <class Tag, std::size_t kSize>
struct PublicBytes {
  static constexpr std::size_t kBytes = kSize;
  std::array<std::byte, kSize> bytes{};

  // INVALID if the length is not exactly kSize.
  [[nodiscard]] static constexpr auto from(ByteView view) noexcept -> Result<PublicBytes> {
    if (view.size() != kSize) return Unexpected{Error::INVALID};
    PublicBytes result;
    std::ranges::copy(view, result.bytes.begin());
    return result;
  }
  constexpr auto operator==(const PublicBytes&) const noexcept -> bool = default;
};

// Wiped at the end of its life; cannot be copied or compared by accident. Moving leaves no value behind.
template <class Tag, std::size_t kSize>
class SecretBytes {
 public:
  static constexpr std::size_t kBytes = kSize;

  SecretBytes() noexcept = default;
  explicit SecretBytes(std::span<const std::byte, kSize> from) noexcept { std::ranges::copy(from, bytes_.begin()); }
  SecretBytes(SecretBytes&& other) noexcept : bytes_(other.bytes_) { wipe(other.bytes_); }
  auto operator=(SecretBytes&& other) noexcept -> SecretBytes& {
    if (this != &other) {
      bytes_ = other.bytes_;
      wipe(other.bytes_);
    }
    return *this;
  }
  ~SecretBytes() noexcept { wipe(bytes_); }

  // INVALID if the length is not exactly kSize.
  [[nodiscard]] static auto from(ByteView view) noexcept -> Result<SecretBytes> {
    if (view.size() != kSize) return Unexpected{Error::INVALID};
    return SecretBytes{view.template first<kSize>()};
  }

  [[nodiscard]] auto reveal() const noexcept -> std::span<const std::byte, kSize> { return bytes_; }
  [[nodiscard]] auto fill() noexcept -> std::span<std::byte, kSize> { return bytes_; }

 private:
  std::array<std::byte, kSize> bytes_{};
};

template <class Hash>
void update_all(Hash& hash, Pieces pieces) noexcept {
  for (const auto piece : pieces) hash.update(piece);
}

}  // namespace redoubt::crypto
