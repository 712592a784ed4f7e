// SPDX-License-Identifier: Apache-2.0
#include "guest/sdk/device_tree.hpp"

namespace redoubt::guest {

namespace {

constexpr std::uint32_t kMagic = 0xd00d'feed;
constexpr std::uint32_t kMaxBytes = 2u << 20;
constexpr std::uint32_t kHeaderBytes = 40;
constexpr std::uint32_t kBeginNode = 1;
constexpr std::uint32_t kEndNode = 2;
constexpr std::uint32_t kProperty = 3;
constexpr std::uint32_t kNop = 4;

auto big_endian(const std::byte* at) noexcept -> std::uint32_t {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) value = (value << 8) | std::to_integer<std::uint32_t>(at[i]);
  return value;
}

auto round_up4(std::uint32_t value) noexcept -> std::uint32_t { return (value + 3) & ~std::uint32_t{3}; }

}  // namespace

DeviceTree::DeviceTree(const void* start) noexcept : start_(static_cast<const std::byte*>(start)) {
  if (start == nullptr || (reinterpret_cast<std::uintptr_t>(start) & 7) != 0 || big_endian(start_) != kMagic) return;
  const std::uint32_t total = big_endian(start_ + 4);
  if (total < kHeaderBytes || total > kMaxBytes) return;
  total_ = total;
  structure_ = word(8);
  strings_ = word(12);
}

auto DeviceTree::word(std::uint32_t offset) const noexcept -> std::uint32_t {
  if (total_ < 4 || offset > total_ - 4) return 0;
  return big_endian(start_ + offset);
}

auto DeviceTree::text(std::uint32_t offset) const noexcept -> std::string_view {
  if (offset >= total_) return {};
  const char* at = reinterpret_cast<const char*>(start_ + offset);
  std::uint32_t length = 0;
  while (offset + length < total_ && at[length] != 0) ++length;
  return {at, length};
}

auto DeviceTree::take_property(std::uint32_t& cursor, TreeProperty& property) noexcept -> bool {
  const std::uint32_t bytes = word(cursor);
  const std::uint32_t name = word(cursor + 4);
  if (bytes > total_ || cursor + 8 > total_ - bytes || name > total_ - strings_) return false;
  property = {.node = path_[depth_ - 1],
              .depth = depth_ - 1,
              .name = text(strings_ + name),
              .value = start_ + cursor + 8,
              .bytes = bytes};
  cursor += 8 + round_up4(bytes);
  return true;
}

auto DeviceTree::next(std::uint32_t& cursor, TreeProperty& property) noexcept -> bool {
  if (!valid() || structure_ > total_ || strings_ > total_) return false;
  if (cursor == 0) cursor = structure_;
  while (cursor < total_) {
    const std::uint32_t token = word(cursor);
    cursor += 4;
    if (token == kBeginNode) {
      if (depth_ == kMaxDepth) return false;
      path_[depth_] = text(cursor);
      cursor = round_up4(cursor + static_cast<std::uint32_t>(path_[depth_].size()) + 1);
      ++depth_;
    } else if (token == kEndNode) {
      if (depth_ == 0) return false;
      --depth_;
    } else if (token == kProperty) {
      return depth_ != 0 && take_property(cursor, property);
    } else if (token != kNop) {
      return false;
    }
  }
  return false;
}

auto cell32(const TreeProperty& property, unsigned index) noexcept -> std::uint32_t {
  return (index + 1) * 4 <= property.bytes ? big_endian(property.value + index * 4) : 0;
}

auto cell64(const TreeProperty& property, unsigned first_cell) noexcept -> std::uint64_t {
  return (std::uint64_t{cell32(property, first_cell)} << 32) | cell32(property, first_cell + 1);
}

}  // namespace redoubt::guest
