// SPDX-License-Identifier: Apache-2.0
// Each feature is read from its own ID field (docs/bug-museum.md, 44): a second table of the fields, from Arm ARM D19.2.
#include "hyp/cpu/features.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace redoubt::hyp {
namespace {

struct Row {
  const char* name;
  std::uint64_t Features::* word;
  unsigned shift;
  std::uint64_t least;  // smallest value that means "there"
  bool (Features::*has)() const noexcept;
};

constexpr Row kRows[] = {
    {"S2FWB", &Features::mmfr2, 40, 1, &Features::fwb},    {"SVE", &Features::pfr0, 32, 1, &Features::sve},
    {"SME", &Features::pfr1, 24, 1, &Features::sme},       {"MTE2", &Features::pfr1, 8, 2, &Features::mte},
    {"RAS", &Features::pfr0, 28, 1, &Features::ras},       {"AMU", &Features::pfr0, 44, 1, &Features::amu},
    {"CSV2_2", &Features::pfr0, 56, 2, &Features::csv2_2}, {"DIT", &Features::pfr0, 48, 1, &Features::dit},
    {"SSBS", &Features::pfr1, 4, 1, &Features::ssbs},      {"PMUVer", &Features::dfr0, 8, 1, &Features::pmu},
    {"PMSVer", &Features::dfr0, 32, 1, &Features::spe},    {"TRBE", &Features::dfr0, 44, 1, &Features::trbe},
    {"TraceFilt", &Features::dfr0, 40, 1, &Features::trf}, {"MPAM", &Features::pfr0, 40, 1, &Features::mpam},
    {"FPMR", &Features::pfr2, 32, 1, &Features::fpmr},     {"FGT", &Features::mmfr0, 56, 1, &Features::fgt},
    {"FGT2", &Features::mmfr0, 56, 2, &Features::fgt2},    {"HCX", &Features::mmfr1, 40, 1, &Features::hcx},
    {"LOR", &Features::mmfr1, 16, 1, &Features::lor},      {"PAN", &Features::mmfr1, 20, 1, &Features::pan},
    {"VMID16", &Features::mmfr1, 4, 2, &Features::vmid16}, {"MOPS", &Features::isar2, 16, 1, &Features::mops},
    {"TCR2", &Features::mmfr3, 0, 1, &Features::tcr2},     {"SCTLR2", &Features::mmfr3, 4, 1, &Features::sctlr2},
    {"S1PIE", &Features::mmfr3, 8, 1, &Features::s1pie},   {"S1POE", &Features::mmfr3, 16, 1, &Features::s1poe},
    {"GCS", &Features::pfr1, 44, 1, &Features::gcs},       {"APA", &Features::isar1, 4, 1, &Features::pauth},
    {"GPA", &Features::isar1, 24, 1, &Features::pauth},    {"API", &Features::isar1, 8, 1, &Features::pauth},
    {"APA3", &Features::isar2, 12, 1, &Features::pauth},   {"PMUv3p9", &Features::dfr0, 8, 9, &Features::pmu_v3p9},
};

TEST(Museum, bug_44_each_feature_has_its_own_id_field) {
  for (const Row& row : kRows) {
    Features with{};
    with.*row.word = row.least << row.shift;
    EXPECT_TRUE((with.*row.has)()) << row.name;
    Features below{};
    below.*row.word = (row.least - 1) << row.shift;
    EXPECT_FALSE((below.*row.has)()) << row.name;
    // Everything but this field: nothing else may look like the feature.
    for (const Row& other : kRows) {
      const bool same = other.word == row.word && other.shift == row.shift;
      if (same || other.has == row.has) continue;
      Features only{};
      only.*other.word = std::uint64_t{0xf} << other.shift;
      EXPECT_FALSE((only.*row.has)()) << row.name << " is seen in " << other.name;
    }
  }
}

TEST(Museum, bug_44_branch_records_need_the_traps_that_hide_them) {
  Features cpu{};
  cpu.dfr0 = std::uint64_t{1} << 52;
  EXPECT_FALSE(cpu.brbe());
  cpu.mmfr0 = std::uint64_t{1} << 56;
  EXPECT_TRUE(cpu.brbe());
}

TEST(Museum, bug_44_a_pmu_of_another_kind_is_none) {
  Features cpu{};
  cpu.dfr0 = std::uint64_t{15} << 8;
  EXPECT_FALSE(cpu.pmu());
}

}  // namespace
}  // namespace redoubt::hyp
