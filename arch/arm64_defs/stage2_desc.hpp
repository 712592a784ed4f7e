// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// VMSAv8-64 stage-2 descriptors, 4 KiB granule, 48-bit output addresses (Arm ARM D8.3).
#pragma once

#include <cstdint>

#include "base/addr.hpp"
#include "base/bits.hpp"

namespace redoubt::arm64 {

// Translation table level in Arm's numbering. An entry covers 512 GiB, 1 GiB, 2 MiB or 4 KiB.
enum class Level : std::uint8_t { L0 = 0, L1 = 1, L2 = 2, L3 = 3 };

inline constexpr unsigned kEntryBits = 9;
inline constexpr std::uint64_t kTableEntries = std::uint64_t{1} << kEntryBits;

[[nodiscard]] constexpr auto number_of(Level level) noexcept -> unsigned { return static_cast<unsigned>(level); }
[[nodiscard]] constexpr auto next_level(Level level) noexcept -> Level {
  return static_cast<Level>(number_of(level) + 1);
}
// Page-number bits below the index of `level`: 27, 18, 9, 0.
[[nodiscard]] constexpr auto frame_shift(Level level) noexcept -> unsigned {
  return (number_of(Level::L3) - number_of(level)) * kEntryBits;
}
// 4 KiB pages covered by one entry of `level`.
[[nodiscard]] constexpr auto entry_pages(Level level) noexcept -> std::uint64_t {
  return std::uint64_t{1} << frame_shift(level);
}

// One descriptor as the table walker reads it.
using Descriptor = std::uint64_t;

namespace s2 {

using Valid = Field<0>;
using Type = Field<1>;  // 1: table (levels 0-2) or page (level 3); 0: block
using MemAttr = Field<2, 4>;
using S2AP = Field<6, 2>;  // bit 0 read, bit 1 write
using SH = Field<8, 2>;
using AF = Field<10>;
using Frame = Field<12, 36>;    // output address bits [47:12]
using XN = Field<54>;           // with bit 53 = 0: never executable at EL1 or EL0, with and without FEAT_XNX
using Software = Field<55, 4>;  // [58:55] ignored by hardware

inline constexpr std::uint64_t kShareNone = 0;
inline constexpr std::uint64_t kShareInner = 3;

// MemAttr with HCR_EL2.FWB = 0 (D8.6.5) and FWB = 1 (D8.6.6).
inline constexpr std::uint64_t kDeviceNGnRE = 0b0001;  // same in both
inline constexpr std::uint64_t kNormalWriteBack = 0b1111;
inline constexpr std::uint64_t kFwbWriteBack = 0b0110;  // forces Normal Write-Back
inline constexpr std::uint64_t kFwbStage1 = 0b0111;     // takes stage 1's attributes

static_assert((Valid::kMask & Type::kMask & MemAttr::kMask & S2AP::kMask) == 0);
static_assert((Valid::kMask | Type::kMask | MemAttr::kMask | S2AP::kMask | SH::kMask | AF::kMask) == 0x7ff);
static_assert(Frame::kMask == 0x0000'ffff'ffff'f000);
static_assert((Frame::kMask & (XN::kMask | Software::kMask)) == 0);

[[nodiscard]] constexpr auto valid(Descriptor desc) noexcept -> bool { return (desc & Valid::kMask) != 0; }
// Only meaningful for a valid descriptor of levels 0-2.
[[nodiscard]] constexpr auto is_table(Descriptor desc, Level level) noexcept -> bool {
  return level != Level::L3 && (desc & 3) == 3;
}
[[nodiscard]] constexpr auto is_leaf(Descriptor desc, Level level) noexcept -> bool {
  return valid(desc) && !is_table(desc, level);
}
[[nodiscard]] constexpr auto frame_of(Descriptor desc) noexcept -> Pfn { return Pfn{Frame::of(desc)}; }
[[nodiscard]] constexpr auto table_of(Descriptor desc) noexcept -> Pa { return Pa{desc & Frame::kMask}; }

[[nodiscard]] constexpr auto make_table(Pa table) noexcept -> Descriptor { return (table.value() & Frame::kMask) | 3; }

// A leaf at level 2 or 3 that maps `pfn` with `attributes` (all bits other than address, valid and type).
[[nodiscard]] constexpr auto make_leaf(Pfn pfn, Level level, Descriptor attributes) noexcept -> Descriptor {
  return Frame::make(pfn.value()) | attributes | (level == Level::L3 ? 3U : 1U);
}
// What make_leaf was given.
[[nodiscard]] constexpr auto attributes_of(Descriptor leaf) noexcept -> Descriptor {
  return leaf & ~(Frame::kMask | Descriptor{3});
}

static_assert(frame_of(make_leaf(Pfn{0xf'1234'5678}, Level::L3, 0)) == Pfn{0xf'1234'5678});
static_assert(attributes_of(make_leaf(Pfn{~0ULL}, Level::L2, XN::kMask | AF::kMask)) == (XN::kMask | AF::kMask));
static_assert(is_leaf(make_leaf(Pfn{1}, Level::L2, 0), Level::L2) && is_table(make_table(Pa{4096}), Level::L2));
static_assert(is_leaf(make_leaf(Pfn{1}, Level::L3, 0), Level::L3));

}  // namespace s2
}  // namespace redoubt::arm64
