// SPDX-License-Identifier: Apache-2.0
// The flattened device tree as tokens and nodes (Devicetree Specification 0.4, chapter 5).
// The whole structure is checked once by open(). Every later access is bounds-checked again on its own: a wrong offset
// reads as "nothing there", never outside the blob.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "hyp/fdt/error.hpp"

namespace redoubt::hyp::fdt {

using Bytes = std::span<const std::byte>;

inline constexpr unsigned kMaxDepth = 16;  // the root counts as depth 0
inline constexpr std::size_t kHeaderBytes = 40;
inline constexpr std::size_t kMaxBlobBytes = std::size_t{2} << 20;  // limit of the arm64 Linux boot protocol

// A node is the offset of its FDT_BEGIN_NODE in the structure block.
enum class Node : std::uint32_t {};

struct Token {
  enum class Kind : std::uint8_t { INVALID, BEGIN, END, PROPERTY, STOP };
  Kind kind = Kind::INVALID;
  FdtError error = FdtError::BAD_TOKEN;  // of INVALID
  std::uint32_t at = 0;                  // offset in the structure block, of the token itself
  std::uint32_t next = 0;                // and of what follows
  std::uint32_t name_offset = 0;         // PROPERTY: in the strings block
  std::string_view name;                 // BEGIN, PROPERTY
  Bytes value;                           // PROPERTY
};

// One entry of the memory reservation block.
struct Reservation {
  std::uint64_t base;
  std::uint64_t bytes;
};

class Reader {
 public:
  // Size of the whole blob from its first kHeaderBytes, so that a loader knows how much to map: at most kMaxBlobBytes.
  // TRUNCATED, BAD_MAGIC, BAD_VERSION, BAD_LAYOUT.
  [[nodiscard]] static auto total_bytes(Bytes header) noexcept -> FdtResult<std::size_t>;

  // `blob` may be longer than the tree and need not be aligned. It must stay in place and unchanged while in use.
  [[nodiscard]] static auto open(Bytes blob) noexcept -> FdtResult<Reader>;

  // The next token that is not FDT_NOP at or after `offset` of the structure block. Progress: next > offset.
  [[nodiscard]] auto token(std::uint32_t offset) const noexcept -> Token;

  [[nodiscard]] auto root() const noexcept -> Node { return root_; }
  [[nodiscard]] auto name(Node node) const noexcept -> std::string_view { return token(offset_of(node)).name; }
  // The first property of the node: PROPERTY, or another kind if it has none. token(t.next) gives the next one.
  [[nodiscard]] auto first_property(Node node) const noexcept -> Token { return token(token(offset_of(node)).next); }
  // Absent: no data() at all, unlike an empty property.
  [[nodiscard]] auto find(Node node, std::string_view name) const noexcept -> Bytes;
  [[nodiscard]] auto has(Node node, std::string_view name) const noexcept -> bool {
    return find(node, name).data() != nullptr;
  }
  // First cell of a property; `otherwise` if absent or shorter than a cell.
  [[nodiscard]] auto u32(Node node, std::string_view name, std::uint32_t otherwise) const noexcept -> std::uint32_t;
  // A property's text up to its first NUL; empty if absent or unterminated.
  [[nodiscard]] auto text(Node node, std::string_view name) const noexcept -> std::string_view;

  // Both zero at the end of the list and beyond.
  [[nodiscard]] auto reservation(std::size_t index) const noexcept -> Reservation;
  [[nodiscard]] auto strings() const noexcept -> Bytes { return strings_; }
  [[nodiscard]] auto boot_cpu() const noexcept -> std::uint32_t { return boot_cpu_; }
  // Where `part`, a view into this blob, lies in it.
  [[nodiscard]] auto offset_in_blob(Bytes part) const noexcept -> std::size_t {
    return static_cast<std::size_t>(part.data() - blob_.data());
  }

 private:
  [[nodiscard]] static constexpr auto offset_of(Node node) noexcept -> std::uint32_t {
    return static_cast<std::uint32_t>(node);
  }
  [[nodiscard]] auto check_structure() noexcept -> FdtResult<>;
  [[nodiscard]] auto begin_token(std::uint32_t offset) const noexcept -> Token;
  [[nodiscard]] auto property_token(std::uint32_t offset) const noexcept -> Token;

  Bytes blob_;
  Bytes reservations_;
  Bytes structure_;
  Bytes strings_;
  std::uint32_t boot_cpu_ = 0;
  Node root_{};
};

// `cells` (0..2) big-endian 32-bit cells at byte `offset`; 0 beyond the end.
[[nodiscard]] auto read_cells(Bytes bytes, std::size_t offset, unsigned cells) noexcept -> std::uint64_t;

// Takes the next string off a string list; no data() at its end. An unterminated tail is not part of the list.
[[nodiscard]] auto take_string(Bytes& list) noexcept -> std::string_view;

[[nodiscard]] auto list_has(Bytes list, std::string_view item) noexcept -> bool;

// Pre-order walk over the nodes, which knows the path to the one it stands on.
class Cursor {
 public:
  // At the root. `reader` must outlive the cursor.
  explicit Cursor(const Reader& reader) noexcept;
  // To the next node; false after the last one.
  [[nodiscard]] auto next() noexcept -> bool;
  [[nodiscard]] auto depth() const noexcept -> unsigned { return depth_; }
  [[nodiscard]] auto node() const noexcept -> Node { return path_[depth_]; }
  // The node on the path at `depth` <= depth(): 0 is the root.
  [[nodiscard]] auto ancestor(unsigned depth) const noexcept -> Node { return path_[depth]; }
  [[nodiscard]] auto reader() const noexcept -> const Reader& { return *reader_; }

 private:
  const Reader* reader_;
  std::uint32_t at_ = 0;
  unsigned depth_ = 0;
  std::array<Node, kMaxDepth + 1> path_{};
};

}  // namespace redoubt::hyp::fdt
