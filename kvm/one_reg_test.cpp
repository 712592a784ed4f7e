// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "kvm/one_reg.hpp"

#include <set>

#include <gtest/gtest.h>

#include "abi/reg.h"

namespace redoubt::kvm {
namespace {

// As VMMs write them down.
constexpr KvmRegId kPc = 0x6030'0000'0010'0040;
constexpr KvmRegId kX3 = 0x6030'0000'0010'0006;
constexpr KvmRegId kV31 = 0x6040'0000'0010'00d0;
constexpr KvmRegId kFpcr = 0x6020'0000'0010'00d5;
constexpr KvmRegId kMpidr = 0x6030'0000'0013'c005;
constexpr KvmRegId kSctlr = 0x6030'0000'0013'c080;
constexpr KvmRegId kPfr0 = 0x6030'0000'0013'c020;
constexpr KvmRegId kTimerCnt = 0x6030'0000'0013'df1a;
constexpr KvmRegId kTimerCval = 0x6030'0000'0013'df02;
constexpr KvmRegId kPsci = 0x6030'0000'0014'0000;

TEST(OneReg, TranslatesTheRegistersThatVmmsUse) {
  EXPECT_EQ(lookup_register(kPc)->rd_reg, unsigned{RD_REG_PC});
  EXPECT_EQ(lookup_register(kX3)->rd_reg, RD_REG_X0 + 3U);
  EXPECT_EQ(lookup_register(kV31)->rd_reg, RD_REG_V0 + 31U);
  EXPECT_EQ(lookup_register(kV31)->bytes, 16U);
  EXPECT_EQ(lookup_register(kFpcr)->rd_reg, unsigned{RD_REG_FPCR});
  EXPECT_EQ(lookup_register(kFpcr)->bytes, 4U);
  EXPECT_EQ(lookup_register(kMpidr)->rd_reg, 0xc005U);
  EXPECT_EQ(lookup_register(kSctlr)->rd_reg, 0xc080U);
}

TEST(OneReg, TimerEncodingsAreSwapped) {
  EXPECT_EQ(lookup_register(kTimerCval)->rd_reg, unsigned{RD_REG_CNTV_CVAL});
  EXPECT_EQ(lookup_register(kTimerCnt)->rd_reg, unsigned{RD_REG_CNTVCT});
}

TEST(OneReg, IdentificationIsReadOnly) {
  EXPECT_EQ(lookup_register(kMpidr)->read_only, 1U);
  EXPECT_EQ(lookup_register(kPfr0)->read_only, 1U);
  EXPECT_EQ(lookup_register(kSctlr)->read_only, 0U);
  EXPECT_EQ(lookup_register(0x6030'0000'0013'd000)->read_only, 0U);  // CSSELR_EL1 (op1 = 2)
  EXPECT_EQ(lookup_register(kPsci)->constant, 0x10001U);
}

TEST(OneReg, RefusesWhatDoesNotExist) {
  EXPECT_EQ(lookup_register(0).error(), Errno::kNoEnt);
  EXPECT_EQ(lookup_register(kPc ^ (KvmRegId{0x2000} << 48U)).error(), Errno::kNoEnt);  // another architecture
  EXPECT_EQ(lookup_register(kPc | (KvmRegId{1} << 40U)).error(), Errno::kNoEnt);
  EXPECT_EQ(lookup_register(0x6020'0000'0010'0040).error(), Errno::kNoEnt);  // pc as 32 bits
  EXPECT_EQ(lookup_register(0x6030'0000'0010'0041).error(), Errno::kNoEnt);  // the upper half of pc
  EXPECT_EQ(lookup_register(0x6040'0000'0010'0055).error(), Errno::kNoEnt);  // inside v0
  EXPECT_EQ(lookup_register(0x6030'0000'0010'0053).error(), Errno::kNoEnt);
  EXPECT_EQ(lookup_register(0x6030'0000'0010'0052).error(), Errno::kNoEnt);  // padding before v0
  EXPECT_EQ(lookup_register(0x6020'0000'0010'00d6).error(), Errno::kNoEnt);  // beyond fpcr
  EXPECT_EQ(lookup_register(0x6030'0000'0014'0004).error(), Errno::kNoEnt);
  EXPECT_EQ(lookup_register(0x6030'0000'0015'0000).error(), Errno::kNoEnt);  // SVE
}

TEST(OneReg, EveryListedIdExistsOnce) {
  std::set<KvmRegId> seen;
  for (std::size_t i = 0; i < register_count(); ++i) {
    EXPECT_TRUE(lookup_register(register_at(i))) << std::hex << register_at(i);
    EXPECT_TRUE(seen.insert(register_at(i)).second) << std::hex << register_at(i);
  }
  for (const KvmRegId id : {kPc, kX3, kV31, kFpcr, kMpidr, kSctlr, kPfr0, kTimerCnt, kTimerCval, kPsci}) {
    EXPECT_TRUE(seen.contains(id)) << std::hex << id;
  }
}

}  // namespace
}  // namespace redoubt::kvm
