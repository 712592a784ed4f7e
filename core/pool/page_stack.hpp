// SPDX-License-Identifier: Apache-2.0
// The pages a VM's host has given for its stage-2 tables and that are not used yet: zeroed, owned by EL2, mapped by it.
#pragma once

#include <array>
#include <cstdint>

#include "abi/hypercall.h"
#include "base/addr.hpp"

namespace redoubt::core {

class PageStack final {
 public:
  static constexpr std::uint32_t kCapacity = RD_VM_POOL_PAGES;

  [[nodiscard]] constexpr auto size() const noexcept -> std::uint32_t { return size_; }
  [[nodiscard]] constexpr auto full() const noexcept -> bool { return size_ == kCapacity; }
  // The caller has checked full() / size().
  constexpr void push(Pfn pfn) noexcept { pages_[size_++] = pfn; }
  [[nodiscard]] constexpr auto pop() noexcept -> Pfn { return pages_[--size_]; }
  [[nodiscard]] constexpr auto at(std::uint32_t index) const noexcept -> Pfn { return pages_[index]; }
  constexpr void clear() noexcept { size_ = 0; }

  constexpr auto operator==(const PageStack&) const noexcept -> bool = default;

 private:
  std::array<Pfn, kCapacity> pages_{};
  std::uint32_t size_ = 0;
};

}  // namespace redoubt::core
