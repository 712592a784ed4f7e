// SPDX-License-Identifier: Apache-2.0
// Shape of a stage-2 table tree for a given IPA size: start level, concatenation, VTCR_EL2 fields (Arm ARM D8.2.9).
#pragma once

#include <cstdint>

#include "arch/arm64_defs/stage2_desc.hpp"
#include "base/addr.hpp"
#include "base/result.hpp"

namespace redoubt::core {

using arm64::Level;

struct Geometry {
  unsigned ipa_bits = 0;
  Level start = Level::L1;
  std::uint64_t root_tables = 1;  // concatenated 4 KiB tables at the start level; the root is aligned to their size

  // 33..43 bits start at level 1 with up to 16 tables; 44..48 at level 0. INVALID outside 32..48.
  [[nodiscard]] static constexpr auto make(unsigned ipa_bits) noexcept -> Result<Geometry> {
    if (ipa_bits < 32 || ipa_bits > 48) return Unexpected{Error::INVALID};
    const Level start = ipa_bits <= 43 ? Level::L1 : Level::L0;
    const unsigned one_table = kPageShift + arm64::frame_shift(start) + arm64::kEntryBits;
    return Geometry{ipa_bits, start, ipa_bits > one_table ? std::uint64_t{1} << (ipa_bits - one_table) : 1};
  }

  [[nodiscard]] constexpr auto t0sz() const noexcept -> unsigned { return 64 - ipa_bits; }
  // VTCR_EL2.SL0 for the 4 KiB granule: 1 = level 1, 2 = level 0.
  [[nodiscard]] constexpr auto sl0() const noexcept -> unsigned { return start == Level::L1 ? 1 : 2; }
  [[nodiscard]] constexpr auto root_bytes() const noexcept -> std::uint64_t { return root_tables * kPageSize; }
  [[nodiscard]] constexpr auto frames() const noexcept -> std::uint64_t {
    return std::uint64_t{1} << (ipa_bits - kPageShift);
  }

  // Address of the root's entry for a page number below frames(); the root counts as one long table.
  [[nodiscard]] constexpr auto root_slot(Pa root, std::uint64_t frame) const noexcept -> Pa {
    return root + (frame >> arm64::frame_shift(start)) * sizeof(arm64::Descriptor);
  }
};

// Address of the entry of one 4 KiB table at `level` for a page number.
[[nodiscard]] constexpr auto table_slot(Pa table, Level level, std::uint64_t frame) noexcept -> Pa {
  const std::uint64_t index = (frame >> arm64::frame_shift(level)) & (arm64::kTableEntries - 1);
  return table + index * sizeof(arm64::Descriptor);
}

static_assert(Geometry::make(40)->start == Level::L1 && Geometry::make(40)->root_tables == 2);
static_assert(Geometry::make(40)->t0sz() == 24 && Geometry::make(40)->sl0() == 1);
static_assert(Geometry::make(42)->root_tables == 8 && Geometry::make(43)->root_tables == 16);
static_assert(Geometry::make(44)->start == Level::L0 && Geometry::make(44)->root_tables == 1);
static_assert(Geometry::make(48)->start == Level::L0 && Geometry::make(48)->root_tables == 1);
static_assert(Geometry::make(36)->root_tables == 1 && Geometry::make(33)->root_tables == 1);
static_assert(!Geometry::make(49) && !Geometry::make(31));
static_assert(table_slot(Pa{0x1000}, Level::L2, 512 * 3) == Pa{0x1018});
static_assert(Geometry::make(40)->root_slot(Pa{0x4000}, std::uint64_t{1} << 27) == Pa{0x5000});

}  // namespace redoubt::core
