// SPDX-License-Identifier: Apache-2.0
#include "hyp/fdt/reader.hpp"

namespace redoubt::hyp::fdt {
namespace {

constexpr std::uint64_t kMagic = 0xd00dfeed;
constexpr std::uint64_t kVersion = 17;
constexpr std::uint32_t kCell = 4;
constexpr std::size_t kReservationBytes = 16;

// Byte offsets of the header's fields (5.2).
constexpr std::size_t kTotalSize = 4;
constexpr std::size_t kOffStructure = 8;
constexpr std::size_t kOffStrings = 12;
constexpr std::size_t kOffReservations = 16;
constexpr std::size_t kVersionField = 20;
constexpr std::size_t kLastCompatible = 24;
constexpr std::size_t kBootCpu = 28;
constexpr std::size_t kSizeStrings = 32;
constexpr std::size_t kSizeStructure = 36;

enum class Raw : std::uint32_t { BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, NOP = 4, END = 9 };

constexpr auto invalid(FdtError error) noexcept -> Token {
  Token token;
  token.error = error;
  return token;
}

constexpr auto token_of(Token::Kind kind, std::uint32_t at, std::uint32_t bytes) noexcept -> Token {
  Token token;
  token.kind = kind;
  token.at = at;
  token.next = at + bytes;
  return token;
}

constexpr auto cell_up(std::uint64_t bytes) noexcept -> std::uint32_t {
  return static_cast<std::uint32_t>((bytes + kCell - 1) / kCell * kCell);
}

// The block [offset, offset + bytes) of the blob; empty if it is misaligned or not inside.
auto block(Bytes blob, std::uint64_t offset, std::uint64_t bytes, std::uint64_t alignment) noexcept -> Bytes {
  if (offset < kHeaderBytes || offset % alignment != 0 || offset > blob.size() || bytes > blob.size() - offset)
    return {};
  return blob.subspan(offset, bytes);
}

// The reservation list up to and including its all-zero entry; empty if that is missing.
auto reservation_block(Bytes blob, std::uint64_t offset) noexcept -> Bytes {
  if (offset < kHeaderBytes || offset % 8 != 0 || offset > blob.size()) return {};
  const Bytes rest = blob.subspan(offset);
  for (std::size_t at = 0; at + kReservationBytes <= rest.size(); at += kReservationBytes) {
    if (read_cells(rest, at, 2) == 0 && read_cells(rest, at + 8, 2) == 0) return rest.first(at + kReservationBytes);
  }
  return {};
}

}  // namespace

auto read_cells(Bytes bytes, std::size_t offset, unsigned cells) noexcept -> std::uint64_t {
  if (offset > bytes.size() || bytes.size() - offset < std::size_t{kCell} * cells) return 0;
  std::uint64_t value = 0;
  for (const std::byte byte : bytes.subspan(offset, std::size_t{kCell} * cells)) {
    value = value << 8U | std::to_integer<std::uint64_t>(byte);
  }
  return value;
}

auto take_string(Bytes& list) noexcept -> std::string_view {
  std::size_t length = 0;
  while (length < list.size() && list[length] != std::byte{0}) ++length;
  if (length == list.size()) return {};
  const std::string_view text{reinterpret_cast<const char*>(list.data()), length};
  list = list.subspan(length + 1);
  return text;
}

auto list_has(Bytes list, std::string_view item) noexcept -> bool {
  for (auto text = take_string(list); text.data() != nullptr; text = take_string(list)) {
    if (text == item) return true;
  }
  return false;
}

auto Reader::total_bytes(Bytes header) noexcept -> FdtResult<std::size_t> {
  if (header.size() < kHeaderBytes) return FdtUnexpected{FdtError::TRUNCATED};
  if (read_cells(header, 0, 1) != kMagic) return FdtUnexpected{FdtError::BAD_MAGIC};
  if (read_cells(header, kVersionField, 1) < kVersion || read_cells(header, kLastCompatible, 1) > kVersion) {
    return FdtUnexpected{FdtError::BAD_VERSION};
  }
  const std::size_t total = read_cells(header, kTotalSize, 1);
  if (total < kHeaderBytes || total > kMaxBlobBytes) return FdtUnexpected{FdtError::BAD_LAYOUT};
  return total;
}

auto Reader::open(Bytes blob) noexcept -> FdtResult<Reader> {
  const auto total = total_bytes(blob);
  if (!total) return FdtUnexpected{total.error()};
  if (*total > blob.size()) return FdtUnexpected{FdtError::TRUNCATED};
  Reader reader;
  reader.blob_ = blob.first(*total);
  const auto field = [&reader](std::size_t offset) { return read_cells(reader.blob_, offset, 1); };
  reader.structure_ = block(reader.blob_, field(kOffStructure), field(kSizeStructure), kCell);
  reader.strings_ = block(reader.blob_, field(kOffStrings), field(kSizeStrings), 1);
  reader.reservations_ = reservation_block(reader.blob_, field(kOffReservations));
  reader.boot_cpu_ = static_cast<std::uint32_t>(field(kBootCpu));
  const bool strings_placed = !reader.strings_.empty() || field(kSizeStrings) == 0;
  if (reader.structure_.empty() || reader.reservations_.empty() || !strings_placed) {
    return FdtUnexpected{FdtError::BAD_LAYOUT};
  }
  const auto checked = reader.check_structure();
  if (!checked) return FdtUnexpected{checked.error()};
  return reader;
}

// Nodes nest properly below one root, and the properties of a node precede its children (5.4.1).
auto Reader::check_structure() noexcept -> FdtResult<> {
  unsigned open_nodes = 0;
  bool root_seen = false;
  bool properties_allowed = false;
  for (Token token = this->token(0);; token = this->token(token.next)) {
    switch (token.kind) {
      case Token::Kind::BEGIN:
        if (open_nodes == 0 && root_seen) return FdtUnexpected{FdtError::BAD_TOKEN};
        if (open_nodes > kMaxDepth) return FdtUnexpected{FdtError::TOO_DEEP};
        if (open_nodes != 0 && token.name.empty()) return FdtUnexpected{FdtError::BAD_NAME};
        if (open_nodes == 0) root_ = Node{token.at};
        ++open_nodes;
        root_seen = properties_allowed = true;
        break;
      case Token::Kind::PROPERTY:
        if (!properties_allowed) return FdtUnexpected{FdtError::BAD_TOKEN};
        break;
      case Token::Kind::END:
        if (open_nodes == 0) return FdtUnexpected{FdtError::BAD_TOKEN};
        --open_nodes;
        properties_allowed = false;
        break;
      case Token::Kind::STOP:
        if (open_nodes != 0 || !root_seen) return FdtUnexpected{FdtError::BAD_TOKEN};
        return {};
      case Token::Kind::INVALID: return FdtUnexpected{token.error};
    }
  }
}

auto Reader::token(std::uint32_t offset) const noexcept -> Token {
  for (; offset % kCell == 0 && offset < structure_.size() && structure_.size() - offset >= kCell; offset += kCell) {
    switch (Raw{static_cast<std::uint32_t>(read_cells(structure_, offset, 1))}) {
      case Raw::BEGIN_NODE: return begin_token(offset);
      case Raw::PROPERTY: return property_token(offset);
      case Raw::END_NODE: return token_of(Token::Kind::END, offset, kCell);
      case Raw::END: return token_of(Token::Kind::STOP, offset, kCell);
      case Raw::NOP: break;
      default: return invalid(FdtError::BAD_TOKEN);
    }
  }
  return invalid(FdtError::BAD_TOKEN);
}

auto Reader::begin_token(std::uint32_t offset) const noexcept -> Token {
  Bytes rest = structure_.subspan(offset + kCell);
  const auto name = take_string(rest);
  if (name.data() == nullptr) return invalid(FdtError::BAD_NAME);
  Token token = token_of(Token::Kind::BEGIN, offset, kCell + cell_up(name.size() + 1));
  token.name = name;
  return token;
}

auto Reader::property_token(std::uint32_t offset) const noexcept -> Token {
  constexpr std::uint32_t kPropertyHeader = 3 * kCell;
  if (structure_.size() - offset < kPropertyHeader) return invalid(FdtError::BAD_PROPERTY);
  const auto length = static_cast<std::uint32_t>(read_cells(structure_, offset + kCell, 1));
  const auto name_offset = static_cast<std::uint32_t>(read_cells(structure_, offset + 2 * kCell, 1));
  if (length > structure_.size() - offset - kPropertyHeader) return invalid(FdtError::BAD_PROPERTY);
  if (name_offset >= strings_.size()) return invalid(FdtError::BAD_NAME);
  Bytes rest = strings_.subspan(name_offset);
  const auto name = take_string(rest);
  if (name.empty()) return invalid(FdtError::BAD_NAME);
  Token token = token_of(Token::Kind::PROPERTY, offset, kPropertyHeader + cell_up(length));
  token.name_offset = name_offset;
  token.name = name;
  token.value = structure_.subspan(offset + kPropertyHeader, length);
  return token;
}

auto Reader::find(Node node, std::string_view name) const noexcept -> Bytes {
  for (Token token = first_property(node); token.kind == Token::Kind::PROPERTY; token = this->token(token.next)) {
    if (token.name == name) return token.value;
  }
  return {};
}

auto Reader::u32(Node node, std::string_view name, std::uint32_t otherwise) const noexcept -> std::uint32_t {
  const Bytes value = find(node, name);
  return value.size() < kCell ? otherwise : static_cast<std::uint32_t>(read_cells(value, 0, 1));
}

auto Reader::text(Node node, std::string_view name) const noexcept -> std::string_view {
  Bytes value = find(node, name);
  return take_string(value);
}

auto Reader::reservation(std::size_t index) const noexcept -> Reservation {
  const std::size_t at = index * kReservationBytes;
  return {read_cells(reservations_, at, 2), read_cells(reservations_, at + 8, 2)};
}

Cursor::Cursor(const Reader& reader) noexcept : reader_(&reader) {
  path_[0] = reader.root();
  at_ = reader.token(static_cast<std::uint32_t>(reader.root())).next;
}

auto Cursor::next() noexcept -> bool {
  for (;;) {
    const Token token = reader_->token(at_);
    const bool closes = token.kind == Token::Kind::END && depth_ > 0;
    const bool opens = token.kind == Token::Kind::BEGIN && depth_ < kMaxDepth;
    if (!closes && !opens && token.kind != Token::Kind::PROPERTY) return false;
    at_ = token.next;
    if (closes) --depth_;
    if (!opens) continue;
    path_[++depth_] = Node{token.at};
    return true;
  }
}

}  // namespace redoubt::hyp::fdt
