// SPDX-License-Identifier: Apache-2.0
#include "crypto/p384/curve.hpp"
#include "crypto/p384/ecdsa.hpp"

namespace redoubt::crypto {
namespace {

constexpr std::byte kInteger{0x02}, kSequence{0x30}, kTopBit{0x80};

// Takes one element with this tag off the front. Two numbers of 384 bits need less than 128 bytes, so that every
// length is one byte (X.690 8.1.3.4); a longer form of it is not DER (10.1).
[[nodiscard]] auto take(ByteView& from, std::byte tag) noexcept -> Result<ByteView> {
  if (from.size() < 2 || from[0] != tag) return Unexpected{Error::INVALID};
  const auto length = std::to_integer<std::size_t>(from[1]);
  if (length >= 0x80 || length > from.size() - 2) return Unexpected{Error::INVALID};
  const ByteView content = from.subspan(2, length);
  from = from.subspan(2 + length);
  return content;
}

// A number that is not negative, in as few bytes as possible (X.690 8.3.2).
[[nodiscard]] auto take_number(ByteView& from, std::span<std::byte, p384::kNumberBytes> to) noexcept -> Result<> {
  RD_TRY_ASSIGN(content, take(from, kInteger));
  if (content.empty() || (content[0] & kTopBit) != std::byte{0}) return Unexpected{Error::INVALID};
  if (content[0] == std::byte{0} && content.size() > 1) {
    if ((content[1] & kTopBit) == std::byte{0}) return Unexpected{Error::INVALID};
    content = content.subspan(1);
  }
  if (content.size() > to.size()) return Unexpected{Error::INVALID};
  std::ranges::fill(to, std::byte{0});
  std::ranges::copy(content, to.last(content.size()).begin());
  return {};
}

}  // namespace

auto signature_from_der(ByteView der) noexcept -> Result<P384Signature> {
  RD_TRY_ASSIGN(numbers, take(der, kSequence));
  if (!der.empty()) return Unexpected{Error::INVALID};
  P384Signature signature;
  RD_TRY(take_number(numbers, std::span{signature.bytes}.first<p384::kNumberBytes>()));
  RD_TRY(take_number(numbers, std::span{signature.bytes}.last<p384::kNumberBytes>()));
  if (!numbers.empty()) return Unexpected{Error::INVALID};
  return signature;
}

}  // namespace redoubt::crypto
