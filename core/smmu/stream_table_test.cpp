// SPDX-License-Identifier: Apache-2.0
#include "core/smmu/stream_table.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace redoubt::core::smmu {
namespace {

using namespace arm64::smmu;

// QEMU 10's, as read from the device.
constexpr Identity kQemu{0x0d44'101b, 0x0273'0010, 0x1414, 0x74};
constexpr std::uint64_t kStartLevel1 = 1 << 6;
constexpr std::uint64_t kStartLevel0 = 2 << 6;

auto vtcr(unsigned bits, std::uint64_t start, std::uint64_t ps) -> std::uint64_t {
  return bit(31) | (64 - bits) | start | 1 << 8 | 1 << 10 | 3 << 12 | ps << 16;
}

TEST(Smmu, good_qemus_is_usable) {
  EXPECT_EQ(unusable(kQemu), nullptr);
  EXPECT_EQ(stream_bits(kQemu), 16U);
  EXPECT_EQ(output_bits(kQemu), 44U);
}

TEST(Smmu, bad_each_missing_feature_has_its_reason) {
  const auto reason = [](Identity id) { return std::string_view{unusable(id)}; };
  EXPECT_EQ(reason({kQemu.idr0 & ~1U, kQemu.idr1, kQemu.idr3, kQemu.idr5}), "it has no stage 2");
  EXPECT_EQ(reason({kQemu.idr0 & ~(1U << 3), kQemu.idr1, kQemu.idr3, kQemu.idr5}), "it cannot walk AArch64 tables");
  EXPECT_EQ(reason({kQemu.idr0 & ~(1U << 4), kQemu.idr1, kQemu.idr3, kQemu.idr5}), "its table walks are not coherent");
  EXPECT_EQ(reason({kQemu.idr0 & ~(3U << 27), kQemu.idr1, kQemu.idr3, kQemu.idr5}),
            "it has no two-level stream tables");
  EXPECT_EQ(reason({kQemu.idr0, kQemu.idr1, kQemu.idr3, kQemu.idr5 & ~(1U << 4)}), "it has no 4 KiB granule");
  for (const unsigned preset : {29U, 30U}) {
    EXPECT_NE(unusable({kQemu.idr0, kQemu.idr1 | 1U << preset, kQemu.idr3, kQemu.idr5}), nullptr);
  }
}

TEST(Smmu, good_an_entry_translates_by_the_hosts_stage_2) {
  const auto made = stream_entry({vtcr(40, kStartLevel1, 2), Pa{0x4800'0000}, false}, kQemu);
  ASSERT_TRUE(made);
  const auto& ste = *made;
  EXPECT_EQ(ste[0], 1U | kStage2Only << 1) << "valid, stage 2, no stage 1";
  EXPECT_EQ(ste[1], std::uint64_t{1} << 44) << "EATS = 0: no translated requests";
  EXPECT_EQ(Ste2::S2VMID::of(ste[2]), 0U);
  EXPECT_EQ(Ste2::S2VTCR::of(ste[2]), vtcr(40, kStartLevel1, 2) & 0x7ffff);
  EXPECT_EQ(ste[2] & (bit(51) | bit(54) | bit(58)), bit(51) | bit(54) | bit(58));
  EXPECT_EQ(ste[3], 0x4800'0000U);
  EXPECT_EQ(ste[4] | ste[5] | ste[6] | ste[7], 0U);
}

TEST(Smmu, good_shorter_addresses_walk_from_the_same_table) {
  const auto made = stream_entry({vtcr(48, kStartLevel0, 5), Pa{0x4800'0000}, true}, kQemu);
  ASSERT_TRUE(made);
  const auto cut = Ste2::S2VTCR::of((*made)[2]);
  EXPECT_EQ(64 - bits_of(cut, 0, 6), 44U);
  EXPECT_EQ(bits_of(cut, 6, 2), 2U) << "still from level 0";
  EXPECT_EQ(bits_of(cut, 16, 3), 4U) << "44-bit output";
  EXPECT_EQ((*made)[1] & bit(25), 0U) << "FWB only where the SMMU has it";
  Identity with_fwb = kQemu;
  with_fwb.idr3 |= 1U << 8;
  EXPECT_NE((*stream_entry({vtcr(48, kStartLevel0, 5), Pa{0x1000}, true}, with_fwb))[1] & bit(25), 0U);
}

TEST(Smmu, bad_too_short_addresses_are_refused) {
  Identity id = kQemu;
  id.idr5 = (id.idr5 & ~7U) | 1;  // 36 bits
  EXPECT_FALSE(stream_entry({vtcr(48, kStartLevel0, 5), Pa{0x1000}, false}, id));
  EXPECT_TRUE(stream_entry({vtcr(40, kStartLevel1, 2), Pa{0x1000}, false}, id));
  id.idr5 &= ~7U;  // 32 bits
  EXPECT_TRUE(stream_entry({vtcr(40, kStartLevel1, 2), Pa{0x1000}, false}, id));
}

TEST(Smmu, good_stream_ids_beyond_the_table_are_the_smmus_to_abort) {
  Identity id = kQemu;
  id.idr1 = (id.idr1 & ~0x3fU) | 32;
  EXPECT_EQ(stream_bits(id), kMaxStreamBits);
  id.idr1 = (id.idr1 & ~0x3fU) | 4;
  EXPECT_EQ(stream_bits(id), kSplit);
}

TEST(Smmu, good_commands) {
  EXPECT_EQ(forget_page(Ipa{0x4567'8fff}), (Command{0x2a, 0x4567'8000})) << "VMID 0, not leaf only, no level hint";
  EXPECT_EQ(first_level(Pa{0x4800'4000}), 0x4800'4009U);
}

}  // namespace
}  // namespace redoubt::core::smmu
