// SPDX-License-Identifier: Apache-2.0
#include "hyp/fdt/writer.hpp"

#include <algorithm>

namespace redoubt::hyp::fdt {
namespace {

constexpr std::uint32_t kMagic = 0xd00dfeed;
constexpr std::uint32_t kVersion = 17;
constexpr std::uint32_t kLastCompatible = 16;
constexpr std::size_t kCellBytes = 4;
constexpr unsigned kBeginNode = 1;
constexpr unsigned kEndNode = 2;
constexpr unsigned kProperty = 3;
constexpr unsigned kEnd = 9;

auto bytes_of(std::string_view text) noexcept -> Bytes { return std::as_bytes(std::span{text}); }

}  // namespace

Writer::Writer(std::span<std::byte> out, const Reader& source) noexcept : out_(out), source_(&source) {
  if (out_.size() < kHeaderBytes) {
    fits_ = false;
    return;
  }
  at_ = kHeaderBytes;
  for (std::size_t i = 0;; ++i) {
    const Reservation entry = source.reservation(i);
    piece_cells(entry.base, 2);
    piece_cells(entry.bytes, 2);
    if (entry.base == 0 && entry.bytes == 0) break;
  }
  structure_at_ = at_;
}

void Writer::piece(Bytes bytes) noexcept {
  if (!fits_ || bytes.size() > out_.size() - at_) {
    fits_ = false;
    return;
  }
  std::ranges::copy(bytes, out_.begin() + static_cast<std::ptrdiff_t>(at_));
  at_ += bytes.size();
}

void Writer::piece_cells(std::uint64_t value, unsigned cells) noexcept {
  for (unsigned shift = 32 * cells; shift > 0; shift -= 8) {
    const std::byte byte{static_cast<std::uint8_t>(value >> (shift - 8))};
    piece({&byte, 1});
  }
}

void Writer::end_property() noexcept {
  while (fits_ && at_ % kCellBytes != 0) piece(kNul);
}

void Writer::begin_node(std::string_view name) noexcept {
  piece_cells(kBeginNode, 1);
  piece(bytes_of(name));
  piece(kNul);
  end_property();
}

void Writer::end_node() noexcept { piece_cells(kEndNode, 1); }

void Writer::begin_property_at(std::uint32_t name_offset, std::size_t bytes) noexcept {
  piece_cells(kProperty, 1);
  piece_cells(bytes, 1);
  piece_cells(name_offset, 1);
}

void Writer::begin_property(std::string_view name, std::size_t bytes) noexcept {
  begin_property_at(name_offset(name), bytes);
}

void Writer::copy_property(const Token& property) noexcept {
  begin_property_at(property.name_offset, property.value.size());
  piece(property.value);
  end_property();
}

void Writer::property(std::string_view name, Bytes value) noexcept {
  begin_property(name, value.size());
  piece(value);
  end_property();
}

void Writer::text(std::string_view name, std::string_view value) noexcept {
  begin_property(name, value.size() + 1);
  piece(bytes_of(value));
  piece(kNul);
  end_property();
}

void Writer::number(std::string_view name, std::uint64_t value, unsigned cells) noexcept {
  begin_property(name, kCellBytes * cells);
  piece_cells(value, cells);
  end_property();
}

// A strings block may end in the middle of a string that nothing refers to; a name put right behind would be part of it.
auto Writer::open_tail() const noexcept -> bool {
  const Bytes strings = source_->strings();
  return !strings.empty() && strings.back() != std::byte{0};
}

// In the source's strings where it is there already, else behind them.
auto Writer::name_offset(std::string_view name) noexcept -> std::uint32_t {
  for (Bytes rest = source_->strings();;) {
    const std::size_t at = source_->strings().size() - rest.size();
    const std::string_view present = take_string(rest);
    if (present.data() == nullptr) break;
    if (present == name) return static_cast<std::uint32_t>(at);
  }
  std::size_t offset = source_->strings().size() + (open_tail() ? 1 : 0);
  for (const std::string_view added : new_names_) {
    if (added == name) return static_cast<std::uint32_t>(offset);
    offset += added.size() + 1;
  }
  fits_ = new_names_.push(name) && fits_;
  return static_cast<std::uint32_t>(offset);
}

void Writer::header() noexcept {
  const std::size_t total = at_;
  at_ = 0;
  for (const std::size_t field : {std::size_t{kMagic}, total, structure_at_, strings_at_, kHeaderBytes,
                                  std::size_t{kVersion}, std::size_t{kLastCompatible}, std::size_t{source_->boot_cpu()},
                                  total - strings_at_, strings_at_ - structure_at_}) {
    piece_cells(field, 1);
  }
  at_ = total;
}

auto Writer::finish() noexcept -> FdtResult<std::size_t> {
  piece_cells(kEnd, 1);
  strings_at_ = at_;
  piece(source_->strings());
  if (open_tail()) piece(kNul);
  for (const std::string_view name : new_names_) {
    piece(bytes_of(name));
    piece(kNul);
  }
  if (!fits_ || at_ > kMaxBlobBytes) return FdtUnexpected{FdtError::NO_ROOM};
  header();
  return at_;
}

}  // namespace redoubt::hyp::fdt
