// SPDX-License-Identifier: Apache-2.0
// Emits a flattened device tree: header, reservations, structure, strings, in this order and without gaps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "hyp/fdt/list.hpp"
#include "hyp/fdt/reader.hpp"

namespace redoubt::hyp::fdt {

inline constexpr std::byte kNul[1]{};

// Takes over the source's reservations and strings block, so that copied properties keep their name offsets.
// Running out of room is remembered and answered by finish().
class Writer {
 public:
  Writer(std::span<std::byte> out, const Reader& source) noexcept;

  void begin_node(std::string_view name) noexcept;
  void end_node() noexcept;
  void copy_property(const Token& property) noexcept;
  // `name` must live until finish().
  void property(std::string_view name, Bytes value) noexcept;
  void text(std::string_view name, std::string_view value) noexcept;
  void number(std::string_view name, std::uint64_t value, unsigned cells) noexcept;

  // A property written piece by piece: pieces of `bytes` in all between these two.
  void begin_property(std::string_view name, std::size_t bytes) noexcept;
  void piece(Bytes bytes) noexcept;
  void piece_cells(std::uint64_t value, unsigned cells) noexcept;
  void end_property() noexcept;

  // Size of the blob. NO_ROOM.
  [[nodiscard]] auto finish() noexcept -> FdtResult<std::size_t>;

 private:
  static constexpr std::size_t kMaxNewNames = 24;

  void begin_property_at(std::uint32_t name_offset, std::size_t bytes) noexcept;
  [[nodiscard]] auto open_tail() const noexcept -> bool;
  [[nodiscard]] auto name_offset(std::string_view name) noexcept -> std::uint32_t;
  void header() noexcept;

  std::span<std::byte> out_;
  const Reader* source_;
  std::size_t at_ = 0;
  std::size_t structure_at_ = 0;
  std::size_t strings_at_ = 0;
  bool fits_ = true;
  List<std::string_view, kMaxNewNames> new_names_;
};

}  // namespace redoubt::hyp::fdt
