// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "kvm/gic_attrs.hpp"

#include <gtest/gtest.h>

namespace redoubt::kvm {
namespace {

constexpr Ipa kLimit{std::uint64_t{1} << 36U};
constexpr std::uint32_t kAddr = 0, kNrIrqs = 3, kCtrl = 4;
constexpr std::uint64_t kDist = 2, kRedist = 3, kRegion = 5;

auto region(std::uint64_t base, std::uint64_t count, std::uint64_t index = 0) { return count << 52U | base | index; }

TEST(GicAttrs, AddressesFirst) {
  GicAttrs gic{kLimit};
  ASSERT_TRUE(gic.create());
  EXPECT_EQ(gic.create().error(), Errno::kExist);
  ASSERT_TRUE(gic.set(kAddr, kDist, 0x800'0000, 0));
  ASSERT_TRUE(gic.set(kAddr, kRedist, 0x80a'0000, 0));
  ASSERT_TRUE(gic.set(kNrIrqs, 0, 64, 4));
  EXPECT_EQ(gic.set(kCtrl, 0, 0, 0).error(), Errno::kNoDev);
  ASSERT_TRUE(gic.set(kCtrl, 0, 0, 4));
  const auto layout = gic.freeze(4);
  ASSERT_TRUE(layout && *layout);
  EXPECT_EQ((*layout)->distributor.value(), 0x800'0000U);
  EXPECT_EQ((*layout)->redistributors.value(), 0x80a'0000U);
  EXPECT_EQ((*layout)->nr_irqs, 64U);
}

TEST(GicAttrs, InitFirstAddressesLater) {
  GicAttrs gic{kLimit};
  ASSERT_TRUE(gic.create());
  ASSERT_TRUE(gic.set(kNrIrqs, 0, 288, 4));
  ASSERT_TRUE(gic.set(kCtrl, 0, 0, 4));
  EXPECT_EQ(gic.freeze(4).error(), Errno::kNxIo);
  ASSERT_TRUE(gic.set(kAddr, kDist, 0x800'0000, 4));
  ASSERT_TRUE(gic.set(kAddr, kRegion, region(0x80a'0000, 123), 4));
  EXPECT_EQ(gic.get(kAddr, kRegion, 0), region(0x80a'0000, 123));
  EXPECT_TRUE(gic.freeze(4));
}

TEST(GicAttrs, NothingChangesAfterTheFirstRun) {
  GicAttrs gic{kLimit};
  ASSERT_TRUE(gic.freeze(1));
  EXPECT_EQ(gic.set(kAddr, kDist, 0x800'0000, 1).error(), Errno::kPerm);
  EXPECT_EQ(gic.set(kNrIrqs, 0, 64, 1).error(), Errno::kPerm);
  EXPECT_EQ(gic.set(kCtrl, 0, 0, 1).error(), Errno::kPerm);
}

TEST(GicAttrs, RefusesNonsense) {
  GicAttrs gic{kLimit};
  ASSERT_TRUE(gic.create());
  EXPECT_EQ(gic.set(1, 0, 0, 1).error(), Errno::kNxIo);      // DIST_REGS
  EXPECT_EQ(gic.set(6, 0, 0, 1).error(), Errno::kNxIo);      // CPU_SYSREGS
  EXPECT_EQ(gic.set(7, 0, 0, 1).error(), Errno::kNxIo);      // LEVEL_INFO
  EXPECT_EQ(gic.set(kAddr, 4, 0, 1).error(), Errno::kNxIo);  // ITS
  EXPECT_EQ(gic.set(kCtrl, 3, 0, 1).error(), Errno::kNxIo);  // SAVE_PENDING_TABLES
  EXPECT_EQ(gic.set(kAddr, kDist, 0x800'1000, 1).error(), Errno::kInval);
  EXPECT_EQ(gic.set(kAddr, kDist, kLimit.value(), 1).error(), Errno::kInval);
  EXPECT_EQ(gic.set(kAddr, kRedist, kLimit.value() - 0x10000, 1).error(), Errno::kInval);
  EXPECT_EQ(gic.set(kAddr, kRegion, region(0x80a'0000, 1, 1), 1).error(), Errno::kInval);
  EXPECT_EQ(gic.set(kAddr, kRegion, region(0x80a'0000, 0), 1).error(), Errno::kInval);
  EXPECT_EQ(gic.set(kAddr, kRegion, region(0x80a'0000, 1) | 0x1000, 1).error(), Errno::kInval);
  for (const std::uint64_t irqs : {0U, 32U, 63U, 65U, 1024U, 0x10040U}) {
    EXPECT_EQ(gic.set(kNrIrqs, 0, irqs, 1).error(), Errno::kInval) << irqs;
  }
}

TEST(GicAttrs, SetOnce) {
  GicAttrs gic{kLimit};
  ASSERT_TRUE(gic.create());
  ASSERT_TRUE(gic.set(kAddr, kDist, 0x800'0000, 1));
  EXPECT_EQ(gic.set(kAddr, kDist, 0x800'0000, 1).error(), Errno::kExist);
  ASSERT_TRUE(gic.set(kAddr, kRedist, 0x80a'0000, 1));
  EXPECT_EQ(gic.set(kAddr, kRegion, region(0x90a'0000, 2), 1).error(), Errno::kExist);
  ASSERT_TRUE(gic.set(kNrIrqs, 0, 96, 1));
  EXPECT_EQ(gic.set(kNrIrqs, 0, 96, 1).error(), Errno::kBusy);
  EXPECT_EQ(gic.get(kNrIrqs, 0, 0), 96U);
}

TEST(GicAttrs, FramesMustNotOverlapNorLeaveTheAddressSpace) {
  GicAttrs overlap{kLimit};
  ASSERT_TRUE(overlap.create());
  ASSERT_TRUE(overlap.set(kAddr, kRedist, 0x800'0000, 1));
  ASSERT_TRUE(overlap.set(kAddr, kDist, 0x802'0000, 1));  // free for one vCPU, taken by the second one's frames
  ASSERT_TRUE(overlap.set(kCtrl, 0, 0, 2));
  EXPECT_EQ(overlap.freeze(2).error(), Errno::kInval);
  EXPECT_TRUE(overlap.freeze(1));

  GicAttrs top{kLimit};
  ASSERT_TRUE(top.create());
  ASSERT_TRUE(top.set(kAddr, kRedist, kLimit.value() - 0x20000, 1));
  ASSERT_TRUE(top.set(kAddr, kDist, 0x800'0000, 1));
  ASSERT_TRUE(top.set(kCtrl, 0, 0, 2));
  EXPECT_EQ(top.freeze(2).error(), Errno::kInval);

  GicAttrs small{kLimit};
  ASSERT_TRUE(small.create());
  ASSERT_TRUE(small.set(kAddr, kRegion, region(0x90a'0000, 1), 1));
  ASSERT_TRUE(small.set(kAddr, kDist, 0x800'0000, 1));
  ASSERT_TRUE(small.set(kCtrl, 0, 0, 2));
  EXPECT_EQ(small.freeze(2).error(), Errno::kInval);
}

TEST(GicAttrs, RunWithoutInitIsRefused) {
  GicAttrs gic{kLimit};
  ASSERT_TRUE(gic.create());
  EXPECT_EQ(gic.freeze(1).error(), Errno::kBusy);
}

}  // namespace
}  // namespace redoubt::kvm
