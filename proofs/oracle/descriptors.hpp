// SPDX-License-Identifier: Apache-2.0
// Stage-2 descriptors and the words of PageDb, decoded from the Arm ARM (D8.3, 4 KiB granule) and from the layout of
// core/pages/page_entry.hpp. Written out here, without core's own field types, so that a mistake in core's encoding does
// not cancel out.
#pragma once

#include <cstdint>

#include "proofs/spec/common.hpp"

namespace redoubt::oracle {

inline constexpr std::uint64_t kAddressBits = 0x0000'ffff'ffff'f000;
inline constexpr std::uint64_t kOwnedBit = std::uint64_t{1} << 55;
inline constexpr std::uint64_t kExecuteNever = std::uint64_t{1} << 54;

[[nodiscard]] constexpr auto is_table(std::uint64_t desc, unsigned level) noexcept -> bool {
  return level < 3 && (desc & 3) == 3;
}
[[nodiscard]] constexpr auto output_pfn(std::uint64_t desc) noexcept -> std::uint64_t {
  return (desc & kAddressBits) >> 12;
}

// Normal memory, inner shareable, accessed; `memory` is MemAttr[3:0]. A block has type bit 0, a page 1.
[[nodiscard]] constexpr auto leaf(std::uint64_t pfn, unsigned level, std::uint64_t memory, std::uint64_t rest) noexcept
    -> std::uint64_t {
  return pfn << 12 | rest | 1U << 10 | 3U << 8 | memory << 2 | (level == 3 ? 3U : 1U);
}
// MemAttr without FWB (D8.6.5) and with it (D8.6.6): the host's stage 1 may choose, a guest's may not.
[[nodiscard]] constexpr auto host_memory(bool fwb) noexcept -> std::uint64_t { return fwb ? 7 : 15; }
[[nodiscard]] constexpr auto guest_memory(bool fwb) noexcept -> std::uint64_t { return fwb ? 6 : 15; }

// S2AP bit 0 is read, bit 1 write, as in RD_PROT_*.
[[nodiscard]] constexpr auto rights_of(std::uint64_t desc) noexcept -> std::uint8_t {
  return static_cast<std::uint8_t>((desc >> 6 & 3) | ((desc & kExecuteNever) == 0 ? RD_PROT_X : 0U));
}

// What the entry of a guest's table at this level says about the first frame it covers.
[[nodiscard]] constexpr auto cell_of(std::uint64_t desc, unsigned level, std::uint64_t memory) noexcept -> spec::Cell {
  spec::Cell cell{.level = static_cast<std::uint8_t>(level)};
  if ((desc & 1) == 0) {
    cell.ripas = static_cast<spec::Ripas>(desc >> 2 & 3);
    cell.torn = (desc & ~std::uint64_t{0xc}) != 0;
    return cell;
  }
  cell.mapped = true;
  cell.owned = (desc & kOwnedBit) != 0;
  cell.ripas = cell.owned ? spec::Ripas::ram : spec::Ripas::empty;
  cell.pfn = output_pfn(desc);
  cell.prot = rights_of(desc);
  const std::uint64_t rights = (desc & 3U << 6) | (desc & kExecuteNever);
  cell.torn = desc != leaf(cell.pfn, level, memory, rights | (cell.owned ? kOwnedBit : 0));
  return cell;
}

// A word of PageDb. `torn` in the result: a combination that no page has.
[[nodiscard]] constexpr auto page_of_word(std::uint32_t word) noexcept -> spec::Page {
  spec::Page page{.vm = static_cast<std::uint8_t>(word >> 2 & 0xff)};
  const bool pinned = (word >> 10 & 1) != 0;
  page.run = (word >> 11 & 1) != 0;
  page.decoy = (word >> 12 & 1) != 0;
  page.borrows = static_cast<std::uint16_t>(word >> 16);
  switch (word & 3) {
    case 0:
      page.kind = spec::Kind::host;
      page.torn = pinned || page.decoy || page.vm != 0 || (page.run && page.borrows != 0);
      break;
    case 1:
      page.kind = pinned ? spec::Kind::pinned : spec::Kind::meta;
      page.torn = page.run || page.decoy || page.borrows != 0;
      break;
    case 2:
      page.kind = spec::Kind::guest;
      page.torn = pinned || page.run || page.borrows != 0;
      break;
    default: page.torn = true;
  }
  page.torn = page.torn || (word & 0xe000) != 0;
  return page;
}

}  // namespace redoubt::oracle
