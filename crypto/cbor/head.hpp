// SPDX-License-Identifier: Apache-2.0
// The head of a CBOR data item (RFC 8949 3): major type and argument.
#pragma once

#include <array>
#include <cstdint>

#include "crypto/bytes.hpp"

namespace redoubt::crypto::cbor {

// RFC 8949 3.1.
enum class Major : std::uint8_t {
  UNSIGNED = 0,
  NEGATIVE = 1,
  BYTES = 2,
  TEXT = 3,
  ARRAY = 4,
  MAP = 5,
  TAG = 6,
  SIMPLE = 7
};

// RFC 8949 3.3: the only simple values in use here. There are no floating-point numbers and no "undefined".
inline constexpr std::uint64_t kFalse = 20, kTrue = 21, kNull = 22;

// Containers and tags within each other, the outermost included.
inline constexpr std::size_t kMaxDepth = 8;

struct Head {
  Major major;
  std::uint64_t argument;
};

// The one deterministic encoding of a head (RFC 8949 4.2.1: as short as possible).
class EncodedHead {
 public:
  explicit EncodedHead(Head head) noexcept;
  [[nodiscard]] auto bytes() const noexcept -> ByteView { return std::span{bytes_}.first(size_); }

 private:
  std::array<std::byte, 9> bytes_;
  std::size_t size_;
};

}  // namespace redoubt::crypto::cbor
