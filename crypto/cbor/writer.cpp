// SPDX-License-Identifier: Apache-2.0
#include "crypto/cbor/writer.hpp"

#include "crypto/cbor/validate.hpp"

namespace redoubt::crypto::cbor {

EncodedHead::EncodedHead(Head head) noexcept : bytes_{}, size_(1) {
  const std::uint64_t argument = head.argument;
  std::uint64_t first = argument;
  if (argument >= 24) {
    const unsigned log = argument <= 0xff ? 0 : argument <= 0xffff ? 1 : argument <= 0xffff'ffff ? 2 : 3;
    first = 24 + log;
    const std::size_t size = std::size_t{1} << log;
    for (std::size_t n = 0; n < size; ++n) bytes_[size - n] = static_cast<std::byte>((argument >> (8 * n)) & 0xff);
    size_ += size;
  }
  bytes_[0] = static_cast<std::byte>((static_cast<std::uint64_t>(head.major) << 5) | first);
}

auto Writer::encoded(ByteView items) noexcept -> Writer& {
  full_ = full_ || items.size() > out_.size() - used_;
  if (full_) return *this;
  std::ranges::copy(items, out_.subspan(used_).begin());
  used_ += items.size();
  return *this;
}

auto Writer::head(Major major, std::uint64_t argument) noexcept -> Writer& {
  return encoded(EncodedHead{{.major = major, .argument = argument}}.bytes());
}

auto Writer::unsigned_integer(std::uint64_t value) noexcept -> Writer& { return head(Major::UNSIGNED, value); }

auto Writer::integer(std::int64_t value) noexcept -> Writer& {
  if (value >= 0) return unsigned_integer(static_cast<std::uint64_t>(value));
  return head(Major::NEGATIVE, ~static_cast<std::uint64_t>(value));  // -1 - value
}

auto Writer::bytes(ByteView content) noexcept -> Writer& { return head(Major::BYTES, content.size()).encoded(content); }

auto Writer::text(std::string_view content) noexcept -> Writer& {
  return head(Major::TEXT, content.size()).encoded(std::as_bytes(std::span{content}));
}

auto Writer::boolean(bool value) noexcept -> Writer& { return head(Major::SIMPLE, value ? kTrue : kFalse); }
auto Writer::null() noexcept -> Writer& { return head(Major::SIMPLE, kNull); }
auto Writer::array(std::uint64_t items) noexcept -> Writer& { return head(Major::ARRAY, items); }
auto Writer::map(std::uint64_t pairs) noexcept -> Writer& { return head(Major::MAP, pairs); }
auto Writer::tag(std::uint64_t number) noexcept -> Writer& { return head(Major::TAG, number); }

auto Writer::finish() const noexcept -> Result<ByteView> {
  if (full_) return Unexpected{Error::NO_MEMORY};
  const ByteView written = out_.first(used_);
  RD_TRY_ASSIGN(item, first_item(written));
  if (item.size() != written.size()) return Unexpected{Error::INVALID};
  return written;
}

}  // namespace redoubt::crypto::cbor
