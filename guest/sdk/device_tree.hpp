// SPDX-License-Identifier: Apache-2.0
// The little of a flattened device tree (Devicetree Specification 0.4, chapter 5) that a test guest needs.
// The tree comes from the VMM: every read is checked against totalsize.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace redoubt::guest {

struct TreeProperty {
  std::string_view node;  // name with unit address; "" is the root
  unsigned depth = 0;     // of the node; the root has 0
  std::string_view name;
  const std::byte* value = nullptr;
  std::uint32_t bytes = 0;
};

class DeviceTree {
 public:
  // Accepts any pointer; valid() is false if there is no tree of at most 2 MiB.
  explicit DeviceTree(const void* start) noexcept;
  [[nodiscard]] auto valid() const noexcept -> bool { return total_ != 0; }
  [[nodiscard]] auto bytes() const noexcept -> std::uint32_t { return total_; }

  // Steps through all properties in document order. Start with cursor = 0; false at the end or on malformed input.
  [[nodiscard]] auto next(std::uint32_t& cursor, TreeProperty& property) noexcept -> bool;

 private:
  static constexpr unsigned kMaxDepth = 8;
  [[nodiscard]] auto word(std::uint32_t offset) const noexcept -> std::uint32_t;
  [[nodiscard]] auto text(std::uint32_t offset) const noexcept -> std::string_view;
  [[nodiscard]] auto take_property(std::uint32_t& cursor, TreeProperty& property) noexcept -> bool;

  const std::byte* start_;
  std::uint32_t total_ = 0;
  std::uint32_t structure_ = 0;
  std::uint32_t strings_ = 0;
  std::string_view path_[kMaxDepth];
  unsigned depth_ = 0;  // nodes open now
};

// Big-endian cells of a property.
[[nodiscard]] auto cell32(const TreeProperty& property, unsigned index) noexcept -> std::uint32_t;
[[nodiscard]] auto cell64(const TreeProperty& property, unsigned first_cell) noexcept -> std::uint64_t;

}  // namespace redoubt::guest
