// SPDX-License-Identifier: Apache-2.0
// Reads CBOR that came from anyone. Only the core deterministic encoding (RFC 8949 4.2.1) is accepted: shortest heads,
// definite lengths, map keys in bytewise order without duplicates; one value has one encoding, and what is compared or
// hashed as bytes is compared or hashed as values. No floating-point numbers, no "undefined", at most kMaxDepth levels;
// map keys are integers or strings.
//
// All errors are INVALID: the input is not that, ends too early, or is not what the caller asked for. After an error the
// position is unspecified.
#pragma once

#include <string_view>

#include "crypto/cbor/head.hpp"

namespace redoubt::crypto::cbor {

class Reader {
 public:
  // The whole input is checked here, so that a caller who stops in the middle has not trusted half a document: exactly
  // one item with everything in it. The bytes must stay, and stay the same, for the life of the reader and its answers.
  [[nodiscard]] static auto over(ByteView input) noexcept -> Result<Reader>;

  [[nodiscard]] auto unsigned_integer() noexcept -> Result<std::uint64_t>;
  [[nodiscard]] auto integer() noexcept -> Result<std::int64_t>;  // INVALID also if it needs more than 64 bits
  [[nodiscard]] auto bytes() noexcept -> Result<ByteView>;
  [[nodiscard]] auto text() noexcept -> Result<std::string_view>;  // UTF-8
  [[nodiscard]] auto boolean() noexcept -> Result<bool>;
  [[nodiscard]] auto null() noexcept -> Result<>;

  // Enter a container: so many items (or pairs of key and value) follow. Not more than the input has bytes.
  [[nodiscard]] auto array() noexcept -> Result<std::uint64_t>;
  [[nodiscard]] auto map() noexcept -> Result<std::uint64_t>;
  [[nodiscard]] auto tag() noexcept -> Result<std::uint64_t>;  // the tagged item follows

  // Skips one item with everything in it; the answer is its encoding.
  [[nodiscard]] auto item() noexcept -> Result<ByteView>;

  // What comes next. INVALID at the end.
  [[nodiscard]] auto next() const noexcept -> Result<Major>;
  [[nodiscard]] auto at_end() const noexcept -> bool { return rest_.empty(); }

 private:
  explicit Reader(ByteView input) noexcept : rest_(input) {}
  [[nodiscard]] auto expect(Major major) noexcept -> Result<std::uint64_t>;
  [[nodiscard]] auto string(Major major) noexcept -> Result<ByteView>;

  ByteView rest_;
};

}  // namespace redoubt::crypto::cbor
