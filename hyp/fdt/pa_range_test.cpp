// SPDX-License-Identifier: Apache-2.0
#include "hyp/fdt/pa_range.hpp"

#include <gtest/gtest.h>

#include <bitset>
#include <random>

namespace redoubt::hyp::fdt {
namespace {

constexpr std::size_t kUnits = 64;

template <std::size_t kCapacity>
auto covered(const RangeSet<kCapacity>& set) -> std::bitset<kUnits> {
  std::bitset<kUnits> bits;
  for (const PaRange& range : set.ranges()) {
    for (std::uint64_t unit = range.begin.value(); unit < range.end.value(); ++unit) bits.set(unit);
  }
  return bits;
}

template <std::size_t kCapacity>
void expect_normal_form(const RangeSet<kCapacity>& set) {
  const auto ranges = set.ranges();
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    EXPECT_LT(ranges[i].begin, ranges[i].end);
    if (i != 0) EXPECT_LT(ranges[i - 1].end, ranges[i].begin) << "overlapping or adjacent";
  }
}

// Against a bit per address: random insertions and removals, also where the set is too small for the result.
TEST(RangeSet, behaves_like_a_set_of_addresses) {
  std::mt19937 random{1};
  for (int round = 0; round < 500; ++round) {
    RangeSet<4> set;
    std::bitset<kUnits> model;
    for (int step = 0; step < 40; ++step) {
      const std::uint64_t begin = random() % (kUnits - 1);
      const PaRange range{Pa{begin}, Pa{begin + 1 + random() % (kUnits - begin - 1)}};
      const bool insert = random() % 2 == 0;
      std::bitset<kUnits> wanted = model;
      for (std::uint64_t unit = begin; unit < range.end.value(); ++unit) wanted.set(unit, insert);
      if (insert ? set.insert(range) : set.remove(range)) {
        model = wanted;
      } else {
        EXPECT_GE(set.ranges().size(), 4U - (insert ? 0U : 1U));
      }
      ASSERT_EQ(covered(set), model);
      expect_normal_form(set);
    }
  }
}

TEST(PaRange, make_refuses_what_is_empty_wraps_or_is_above_48_bits) {
  EXPECT_FALSE(PaRange::make(0x1000, 0));
  EXPECT_FALSE(PaRange::make(~std::uint64_t{0}, 2));
  EXPECT_FALSE(PaRange::make(0x1000, ~std::uint64_t{0}));
  EXPECT_FALSE(PaRange::make(kPaLimit, 1));
  EXPECT_FALSE(PaRange::make(kPaLimit - 1, 2));
  EXPECT_TRUE(PaRange::make(kPaLimit - 1, 1));
  EXPECT_TRUE(PaRange::make(0, kPaLimit));
}

TEST(PaRange, rounds_to_pages_in_both_directions) {
  const PaRange odd{Pa{0x1800}, Pa{0x3001}};
  EXPECT_EQ(odd.pages_touched(), (PaRange{Pa{0x1000}, Pa{0x4000}}));
  EXPECT_EQ(*odd.pages_inside(), (PaRange{Pa{0x2000}, Pa{0x3000}}));
  EXPECT_FALSE((PaRange{Pa{0x1800}, Pa{0x2800}}.pages_inside()));
  EXPECT_FALSE((PaRange{Pa{kPaLimit - 1}, Pa{kPaLimit}}.pages_inside()));
}

}  // namespace
}  // namespace redoubt::hyp::fdt
