// SPDX-License-Identifier: Apache-2.0
// Writes one item of deterministic CBOR (RFC 8949 4.2.1) into memory of the caller's. Heads are always the shortest;
// the order of map keys is the caller's, and finish() refuses what a Reader would: nothing wrong leaves unnoticed.
#pragma once

#include <cstdint>
#include <string_view>

#include "crypto/cbor/head.hpp"

namespace redoubt::crypto::cbor {

class Writer {
 public:
  explicit Writer(std::span<std::byte> out) noexcept : out_(out) {}

  auto unsigned_integer(std::uint64_t value) noexcept -> Writer&;
  auto integer(std::int64_t value) noexcept -> Writer&;
  auto bytes(ByteView content) noexcept -> Writer&;
  auto text(std::string_view content) noexcept -> Writer&;  // UTF-8
  auto boolean(bool value) noexcept -> Writer&;
  auto null() noexcept -> Writer&;

  // So many items (or pairs of key and value) have to follow.
  auto array(std::uint64_t items) noexcept -> Writer&;
  auto map(std::uint64_t pairs) noexcept -> Writer&;
  auto tag(std::uint64_t number) noexcept -> Writer&;
  // Items that are CBOR already.
  auto encoded(ByteView items) noexcept -> Writer&;

  // What was written. NO_MEMORY: it did not fit. INVALID: not exactly one item, keys out of order, too deep, bad UTF-8.
  [[nodiscard]] auto finish() const noexcept -> Result<ByteView>;

 private:
  auto head(Major major, std::uint64_t argument) noexcept -> Writer&;

  std::span<std::byte> out_;
  std::size_t used_ = 0;
  bool full_ = false;  // something did not fit; nothing is written any more
};

}  // namespace redoubt::crypto::cbor
