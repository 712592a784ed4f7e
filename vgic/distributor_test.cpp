// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "vgic/distributor.hpp"

#include <gtest/gtest.h>

#include "vgic/distributor_fixture.hpp"

namespace redoubt::vgic {
namespace {

using namespace redoubt::arm64;

class DistributorTest : public DistributorFixture {};

TEST_F(DistributorTest, bad_number_of_interrupts_is_refused) {
  for (const std::uint32_t n : {0U, 32U, 63U, 65U, 993U, 1020U, 1024U, 0xffff'ffe0U}) {
    EXPECT_EQ(dist_.init(n, kCpu0).error(), Error::INVALID) << n;
  }
  EXPECT_TRUE(dist_.init(64, kCpu0));
  EXPECT_TRUE(dist_.init(992, kCpu0));
}

TEST_F(DistributorTest, good_level_follows_the_line) {
  set_bit(GICD_ISENABLER, 40);
  EXPECT_EQ(dist_.set_line(Intid{40}, true), kCpu0);
  EXPECT_FALSE(dist_.set_line(Intid{40}, true));
  EXPECT_TRUE(bit_set(GICD_ISPENDR, 40));
  EXPECT_TRUE(dist_.has_pending_for(kCpu0));
  EXPECT_FALSE(dist_.has_pending_for(kCpu1));
  dist_.set_line(Intid{40}, false);
  EXPECT_FALSE(dist_.has_pending_for(kCpu0));
  EXPECT_TRUE(collect(kCpu0).empty());
}

TEST_F(DistributorTest, good_level_is_offered_again_while_the_line_is_high) {
  set_bit(GICD_ISENABLER, 40);
  dist_.set_line(Intid{40}, true);
  auto out = collect(kCpu0);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].flags, kSpiPending | kSpiLevel | kSpiGroup1);
  complete(kCpu0, 40, 0);
  EXPECT_EQ(collect(kCpu0).size(), 1U);
  dist_.set_line(Intid{40}, false);
  complete(kCpu0, 40, kSpiPending);
  EXPECT_TRUE(collect(kCpu0).empty());
}

TEST_F(DistributorTest, good_edge_is_delivered_once) {
  make_edge(40);
  set_bit(GICD_ISENABLER, 40);
  EXPECT_EQ(dist_.set_line(Intid{40}, true), kCpu0);
  EXPECT_EQ(collect(kCpu0).at(0).flags, kSpiPending | kSpiGroup1);
  complete(kCpu0, 40, kSpiActive);
  EXPECT_EQ(collect(kCpu0).at(0).flags, kSpiActive | kSpiGroup1);
  complete(kCpu0, 40, 0);
  EXPECT_TRUE(collect(kCpu0).empty());
  EXPECT_FALSE(dist_.set_line(Intid{40}, false));
  EXPECT_TRUE(collect(kCpu0).empty());
}

TEST_F(DistributorTest, good_edge_in_flight_is_not_lost) {
  make_edge(40);
  set_bit(GICD_ISENABLER, 40);
  dist_.pulse(Intid{40});
  ASSERT_EQ(collect(kCpu0).size(), 1U);
  EXPECT_EQ(dist_.pulse(Intid{40}), kCpu0) << "the vCPU that holds it must be kicked";
  complete(kCpu0, 40, kSpiActive);
  EXPECT_EQ(collect(kCpu0).at(0).flags, kSpiActive | kSpiPending | kSpiGroup1);
}

TEST_F(DistributorTest, good_software_latch_of_a_level_interrupt_ends_at_acknowledge) {
  set_bit(GICD_ISENABLER, 40);
  EXPECT_TRUE(set_bit(GICD_ISPENDR, 40));
  ASSERT_EQ(collect(kCpu0).size(), 1U);
  complete(kCpu0, 40, kSpiPending);
  EXPECT_TRUE(bit_set(GICD_ISPENDR, 40));
  ASSERT_EQ(collect(kCpu0).size(), 1U);
  set_bit(GICD_ISPENDR, 40);
  complete(kCpu0, 40, 0);
  EXPECT_TRUE(bit_set(GICD_ISPENDR, 40)) << "the second request came after the acknowledge";
  ASSERT_EQ(collect(kCpu0).size(), 1U);
  complete(kCpu0, 40, 0);
  EXPECT_FALSE(bit_set(GICD_ISPENDR, 40));
}

TEST_F(DistributorTest, good_a_run_that_did_not_happen_changes_nothing) {
  make_edge(40);
  set_bit(GICD_ISENABLER, 40);
  dist_.pulse(Intid{40});
  ASSERT_EQ(collect(kCpu0).size(), 1U);
  (void)dist_.complete(kCpu0, {.intid = Intid{40}, .flags = 0});
  EXPECT_EQ(collect(kCpu0).at(0).flags, kSpiPending | kSpiGroup1);
}

TEST_F(DistributorTest, bad_status_from_the_wrong_vcpu_is_ignored) {
  set_bit(GICD_ISENABLER, 40);
  dist_.set_line(Intid{40}, true);
  ASSERT_EQ(collect(kCpu0).size(), 1U);
  complete(kCpu1, 40, kSpiActive);
  complete(kCpu0, 41, kSpiActive | kSpiPending);
  complete(kCpu0, 3, kSpiActive | kSpiPending);
  complete(kCpu0, 0xffff'ffff, kSpiActive | kSpiPending);
  EXPECT_FALSE(bit_set(GICD_ISACTIVER, 40));
  EXPECT_FALSE(bit_set(GICD_ISPENDR, 41));
  EXPECT_TRUE(collect(kCpu0).empty()) << "still in flight";
}

TEST_F(DistributorTest, good_retarget_waits_until_given_back) {
  set_bit(GICD_ISENABLER, 40);
  dist_.set_line(Intid{40}, true);
  ASSERT_EQ(collect(kCpu0).size(), 1U);
  write(GICD_IROUTER + 8 * 40, 1, AccessSize::Double);
  EXPECT_TRUE(collect(kCpu1).empty());
  EXPECT_FALSE(dist_.has_pending_for(kCpu1));
  complete(kCpu0, 40, kSpiActive);
  EXPECT_TRUE(collect(kCpu1).empty()) << "active on vCPU 0: only that one can end it";
  EXPECT_EQ(collect(kCpu0).size(), 1U);
  complete(kCpu0, 40, 0);
  EXPECT_TRUE(dist_.has_pending_for(kCpu1));
  EXPECT_EQ(collect(kCpu1).size(), 1U);
}

TEST_F(DistributorTest, good_active_here_and_pending_elsewhere) {
  make_edge(40);
  set_bit(GICD_ISENABLER, 40);
  dist_.pulse(Intid{40});
  ASSERT_EQ(collect(kCpu0).size(), 1U);
  complete(kCpu0, 40, kSpiActive);
  write(GICD_IROUTER + 8 * 40, 1, AccessSize::Double);
  dist_.pulse(Intid{40});
  EXPECT_EQ(collect(kCpu0).at(0).flags, kSpiActive | kSpiLevel | kSpiGroup1) << "an exit at its end, and not pending";
  EXPECT_EQ(dist_.complete(kCpu0, {.intid = Intid{40}, .flags = kSpiInFlight}), kCpu1);
  EXPECT_EQ(collect(kCpu1).at(0).flags, kSpiPending | kSpiGroup1);
}

TEST_F(DistributorTest, good_clear_pending_in_flight_is_final) {
  make_edge(40);
  set_bit(GICD_ISENABLER, 40);
  dist_.pulse(Intid{40});
  ASSERT_EQ(collect(kCpu0).size(), 1U);
  EXPECT_TRUE(bit_set(GICD_ISPENDR, 40)) << "as of the hand-out";
  set_bit(GICD_ICPENDR, 40);
  EXPECT_FALSE(bit_set(GICD_ISPENDR, 40));
  complete(kCpu0, 40, kSpiPending);
  EXPECT_FALSE(bit_set(GICD_ISPENDR, 40));
  EXPECT_TRUE(collect(kCpu0).empty());
}

TEST_F(DistributorTest, good_any_cpu_route_means_the_first) {
  write(GICD_IROUTER + 8 * 40, 0x8000'0001, AccessSize::Double);
  set_bit(GICD_ISENABLER, 40);
  EXPECT_EQ(dist_.set_line(Intid{40}, true), kCpu0);
  EXPECT_TRUE(collect(kCpu1).empty());
  EXPECT_EQ(collect(kCpu0).size(), 1U);
}

TEST_F(DistributorTest, good_group_enable_gates_delivery) {
  write(GICD_CTLR, 1);
  set_bit(GICD_ISENABLER, 40);
  EXPECT_FALSE(dist_.set_line(Intid{40}, true));
  EXPECT_TRUE(collect(kCpu0).empty());
  EXPECT_TRUE(write(GICD_CTLR, 2));
  EXPECT_TRUE(dist_.has_pending_for(kCpu0));
}

TEST_F(DistributorTest, good_more_than_fit_goes_by_priority_and_active_first) {
  for (std::uint32_t spi = 32; spi < 72; ++spi) {
    write(GICD_IPRIORITYR + spi, 0xf8 - 4 * (spi - 32), AccessSize::Byte);
    set_bit(GICD_ISENABLER, spi);
    dist_.set_line(Intid{spi}, true);
  }
  set_bit(GICD_ISACTIVER, 33);
  const auto out = collect(kCpu0);
  ASSERT_EQ(out.size(), kMaxSpiRequests);
  EXPECT_EQ(out[0].intid, Intid{33});
  for (std::size_t i = 2; i < out.size(); ++i) EXPECT_LE(out[i - 1].priority, out[i].priority);
  EXPECT_LE(out.back().priority, 0xf8 - 4 * (72 - 16 - 32));
  EXPECT_TRUE(dist_.has_pending_for(kCpu0)) << "the rest";
  EXPECT_EQ(collect(kCpu0).size(), 16U);
  EXPECT_EQ(collect(kCpu0).size(), 8U);
  EXPECT_FALSE(dist_.has_pending_for(kCpu0));
}

}  // namespace
}  // namespace redoubt::vgic
