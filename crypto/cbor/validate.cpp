// SPDX-License-Identifier: Apache-2.0
#include "crypto/cbor/validate.hpp"

#include <bit>

namespace redoubt::crypto::cbor {
namespace {

constexpr std::uint64_t kDirect = 24;  // arguments below stand in the first byte (RFC 8949 3)

// The open containers around the current position.
class Nesting {
 public:
  // A container of so many items; a map's are its keys and values. INVALID: too deep.
  [[nodiscard]] auto open(std::uint64_t items, bool map) noexcept -> Result<> {
    if (depth_ == kMaxDepth) return Unexpected{Error::INVALID};
    levels_[depth_++] = Level{.left = items, .map = map, .last_key = {}};
    return {};
  }
  // The next item is the key of a pair: a map has an even number of items left.
  [[nodiscard]] auto expects_key() const noexcept -> bool {
    return depth_ != 0 && levels_[depth_ - 1].map && levels_[depth_ - 1].left % 2 == 0;
  }
  // RFC 8949 4.2.1: keys in the bytewise order of their encodings; equal ones would be duplicates (5.6).
  [[nodiscard]] auto accept_key(ByteView key) noexcept -> Result<> {
    Level& level = levels_[depth_ - 1];
    if (!std::ranges::lexicographical_compare(level.last_key, key)) return Unexpected{Error::INVALID};
    level.last_key = key;
    return {};
  }
  // An item without content of its own is complete, and with it each container that it was the last one of.
  void complete_item() noexcept {
    while (depth_ != 0 && --levels_[depth_ - 1].left == 0) --depth_;
  }
  [[nodiscard]] auto empty() const noexcept -> bool { return depth_ == 0; }

 private:
  struct Level {
    std::uint64_t left;
    bool map;
    ByteView last_key;  // empty before the first, and before every encoding
  };
  std::array<Level, kMaxDepth> levels_{};
  std::size_t depth_ = 0;
};

// The content of a string, or the check of a simple value; integers have none.
[[nodiscard]] auto take_content(ByteView& rest, Head head) noexcept -> Result<> {
  if (head.major == Major::SIMPLE && (head.argument < kFalse || head.argument > kNull)) {
    return Unexpected{Error::INVALID};
  }
  if (head.major != Major::BYTES && head.major != Major::TEXT) return {};
  if (head.argument > rest.size()) return Unexpected{Error::INVALID};
  const auto size = static_cast<std::size_t>(head.argument);
  if (head.major == Major::TEXT && !is_utf8(rest.first(size))) return Unexpected{Error::INVALID};
  rest = rest.subspan(size);
  return {};
}

// How many items follow within. Each has a byte at least: a larger count is a lie, found before anybody loops over it.
[[nodiscard]] auto items_within(Head head, std::size_t rest) noexcept -> Result<std::uint64_t> {
  if (head.major == Major::TAG) return 1;
  const std::uint64_t each = head.major == Major::MAP ? 2 : 1;
  if (head.argument > rest / each) return Unexpected{Error::INVALID};
  return head.argument * each;
}

// One head, and what follows it up to the next head.
[[nodiscard]] auto step(ByteView& rest, Nesting& nesting) noexcept -> Result<> {
  const ByteView before = rest;
  const bool key = nesting.expects_key();
  RD_TRY_ASSIGN(head, take_head(rest));
  if (head.major == Major::ARRAY || head.major == Major::MAP || head.major == Major::TAG) {
    if (key) return Unexpected{Error::INVALID};
    RD_TRY_ASSIGN(items, items_within(head, rest.size()));
    if (items != 0) return nesting.open(items, head.major == Major::MAP);
  } else {
    RD_TRY(take_content(rest, head));
    if (key && head.major == Major::SIMPLE) return Unexpected{Error::INVALID};
    if (key) RD_TRY(nesting.accept_key(before.first(before.size() - rest.size())));
  }
  nesting.complete_item();
  return {};
}

}  // namespace

auto take_head(ByteView& from) noexcept -> Result<Head> {
  if (from.empty()) return Unexpected{Error::INVALID};
  const auto first = std::to_integer<std::uint8_t>(from[0]);
  Head head{.major = static_cast<Major>(first >> 5), .argument = first & 0x1fU};
  from = from.subspan(1);
  if (head.argument < kDirect) return head;
  if (head.argument > kDirect + 3 || head.major == Major::SIMPLE) return Unexpected{Error::INVALID};
  const std::size_t size = std::size_t{1} << (head.argument - kDirect);
  if (from.size() < size) return Unexpected{Error::INVALID};
  head.argument = 0;
  for (const auto byte : from.first(size)) head.argument = (head.argument << 8) | std::to_integer<std::uint8_t>(byte);
  from = from.subspan(size);
  // Would half as many bytes, or the first byte alone, have been enough?
  const bool shorter = size == 1 ? head.argument < kDirect : head.argument >> (4 * size) == 0;
  if (shorter) return Unexpected{Error::INVALID};
  return head;
}

auto first_item(ByteView input) noexcept -> Result<ByteView> {
  ByteView rest = input;
  Nesting nesting;
  do {
    RD_TRY(step(rest, nesting));
  } while (!nesting.empty());
  return input.first(input.size() - rest.size());
}

auto is_utf8(ByteView text) noexcept -> bool {
  while (!text.empty()) {
    const auto first = std::to_integer<std::uint8_t>(text[0]);
    const auto length = static_cast<std::size_t>(std::countl_one(first));
    if (length == 0) {
      text = text.subspan(1);
      continue;
    }
    if (length < 2 || length > 4 || text.size() < length) return false;
    std::uint32_t code = first & (0x7fU >> length);
    for (const auto byte : text.subspan(1, length - 1)) {
      if ((byte & std::byte{0xc0}) != std::byte{0x80}) return false;
      code = (code << 6) | (std::to_integer<std::uint32_t>(byte) & 0x3f);
    }
    constexpr std::array<std::uint32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code < kSmallest[length] || code > 0x10ffff || surrogate) return false;
    text = text.subspan(length);
  }
  return true;
}

}  // namespace redoubt::crypto::cbor
