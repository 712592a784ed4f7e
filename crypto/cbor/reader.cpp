// SPDX-License-Identifier: Apache-2.0
#include "crypto/cbor/reader.hpp"

#include <limits>

#include "crypto/cbor/validate.hpp"

namespace redoubt::crypto::cbor {

auto Reader::over(ByteView input) noexcept -> Result<Reader> {
  RD_TRY_ASSIGN(first, first_item(input));
  if (first.size() != input.size()) return Unexpected{Error::INVALID};
  return Reader{input};
}

auto Reader::expect(Major major) noexcept -> Result<std::uint64_t> {
  RD_TRY_ASSIGN(head, take_head(rest_));
  if (head.major != major) return Unexpected{Error::INVALID};
  return head.argument;
}

auto Reader::unsigned_integer() noexcept -> Result<std::uint64_t> { return expect(Major::UNSIGNED); }

// RFC 8949 3.1: a negative number is -1 - argument.
auto Reader::integer() noexcept -> Result<std::int64_t> {
  RD_TRY_ASSIGN(head, take_head(rest_));
  const bool negative = head.major == Major::NEGATIVE;
  if (!negative && head.major != Major::UNSIGNED) return Unexpected{Error::INVALID};
  if (head.argument > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) return Unexpected{Error::INVALID};
  const auto argument = static_cast<std::int64_t>(head.argument);
  return negative ? -1 - argument : argument;
}

auto Reader::string(Major major) noexcept -> Result<ByteView> {
  RD_TRY_ASSIGN(length, expect(major));
  if (length > rest_.size()) return Unexpected{Error::INVALID};
  const ByteView content = rest_.first(static_cast<std::size_t>(length));
  rest_ = rest_.subspan(content.size());
  return content;
}

auto Reader::bytes() noexcept -> Result<ByteView> { return string(Major::BYTES); }

auto Reader::text() noexcept -> Result<std::string_view> {
  RD_TRY_ASSIGN(content, string(Major::TEXT));
  return std::string_view{reinterpret_cast<const char*>(content.data()), content.size()};
}

auto Reader::boolean() noexcept -> Result<bool> {
  RD_TRY_ASSIGN(value, expect(Major::SIMPLE));
  if (value != kFalse && value != kTrue) return Unexpected{Error::INVALID};
  return value == kTrue;
}

auto Reader::null() noexcept -> Result<> {
  RD_TRY_ASSIGN(value, expect(Major::SIMPLE));
  if (value != kNull) return Unexpected{Error::INVALID};
  return {};
}

auto Reader::array() noexcept -> Result<std::uint64_t> { return expect(Major::ARRAY); }
auto Reader::map() noexcept -> Result<std::uint64_t> { return expect(Major::MAP); }
auto Reader::tag() noexcept -> Result<std::uint64_t> { return expect(Major::TAG); }

auto Reader::item() noexcept -> Result<ByteView> {
  RD_TRY_ASSIGN(encoding, first_item(rest_));
  rest_ = rest_.subspan(encoding.size());
  return encoding;
}

auto Reader::next() const noexcept -> Result<Major> {
  if (rest_.empty()) return Unexpected{Error::INVALID};
  return static_cast<Major>(std::to_integer<std::uint8_t>(rest_[0]) >> 5);
}

}  // namespace redoubt::crypto::cbor
