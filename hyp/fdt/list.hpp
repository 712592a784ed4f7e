// SPDX-License-Identifier: Apache-2.0
// A list in an array of fixed size: what a tree without a heap collects into.
#pragma once

#include <array>
#include <cstddef>

namespace redoubt::hyp::fdt {

template <class T, std::size_t kCapacity>
class List {
 public:
  // False, and no change, when the list is full.
  [[nodiscard]] constexpr auto push(const T& item) noexcept -> bool {
    if (count_ == kCapacity) return false;
    items_[count_++] = item;
    return true;
  }
  [[nodiscard]] constexpr auto size() const noexcept -> std::size_t { return count_; }
  [[nodiscard]] constexpr auto empty() const noexcept -> bool { return count_ == 0; }
  [[nodiscard]] constexpr auto operator[](std::size_t index) const noexcept -> const T& { return items_[index]; }
  [[nodiscard]] constexpr auto back() noexcept -> T& { return items_[count_ - 1]; }
  [[nodiscard]] constexpr auto begin() const noexcept -> const T* { return items_.data(); }
  [[nodiscard]] constexpr auto end() const noexcept -> const T* { return items_.data() + count_; }

 private:
  std::array<T, kCapacity> items_{};
  std::size_t count_ = 0;
};

}  // namespace redoubt::hyp::fdt
