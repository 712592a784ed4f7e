// SPDX-License-Identifier: Apache-2.0
// EL2's own translation tables (stage 1, 48-bit VA, 4 KiB granule; Arm ARM D8.3).
// Built by the boot CPU; afterwards only level-3 entries of the linear area and of the windows change.
#pragma once

#include <cstdint>

#include "base/addr.hpp"
#include "base/bits.hpp"
#include "base/result.hpp"

namespace redoubt::hyp {

// What a mapping may be used for. There is no writable and executable one.
enum class Use : std::uint8_t { CODE, READ_ONLY, DATA, DEVICE };

namespace stage1 {

using Valid = Field<0>;
using Table = Field<1>;  // level 0-2: table; level 3: page
using AttrIndex = Field<2, 3>;
using Ap = Field<6, 2>;  // 0 read-write, 2 read-only at EL2
using Sh = Field<8, 2>;
using Af = Field<10>;
using Xn = Field<54>;
inline constexpr std::uint64_t kAddressMask = bit_mask(12, 36);

[[nodiscard]] constexpr auto leaf(Pa pa, Use use, bool page) noexcept -> std::uint64_t {
  const bool device = use == Use::DEVICE;
  return (pa.value() & kAddressMask) | Valid::make(1) | Table::make(page ? 1 : 0) | AttrIndex::make(device ? 0 : 1) |
         Ap::make(use == Use::CODE || use == Use::READ_ONLY ? 2 : 0) | Sh::make(device ? 0 : 3) | Af::make(1) |
         Xn::make(use == Use::CODE ? 0 : 1);
}

[[nodiscard]] constexpr auto table(Pa pa) noexcept -> std::uint64_t {
  return (pa.value() & kAddressMask) | Valid::make(1) | Table::make(1);
}

[[nodiscard]] constexpr auto index(std::uint64_t va, unsigned level) noexcept -> std::uint64_t {
  return bits_of(va, 39 - 9 * level, 9);
}

}  // namespace stage1

// Builds tables out of runs of zeroed pages that are reachable at their physical address: with the MMU off, or through
// the boot's identity map. Boot only.
class Stage1Builder {
 public:
  // The first page of the run becomes the root.
  constexpr Stage1Builder(Pa first_page, std::uint64_t pages) noexcept
      : root_(first_page), next_(first_page + kPageSize), end_(first_page + pages * kPageSize) {}

  [[nodiscard]] constexpr auto root() const noexcept -> Pa { return root_; }
  [[nodiscard]] constexpr auto pages_left() const noexcept -> std::uint64_t {
    return (end_.value() - next_.value()) >> kPageShift;
  }
  // Goes on with another run of pages once the first has served its purpose.
  constexpr void continue_with(Pa first_page, std::uint64_t pages) noexcept {
    next_ = first_page;
    end_ = first_page + pages * kPageSize;
  }

  // Maps [va, va + bytes) to pa page by page, with 2 MiB blocks where both are aligned. Error::NO_MEMORY when the run of
  // pages is used up; Error::EXISTS where something else is mapped (the same mapping again is accepted).
  auto map(std::uint64_t va, Pa pa, std::uint64_t bytes, Use use) noexcept -> Result<>;

  // Makes the table of `level` that covers va exist; answers its physical address.
  auto table_for(std::uint64_t va, unsigned level) noexcept -> Result<Pa>;

 private:
  Pa root_;
  Pa next_;
  Pa end_;
};

}  // namespace redoubt::hyp
