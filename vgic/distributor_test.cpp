// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "vgic/distributor.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

namespace redoubt::vgic {
namespace {

using namespace redoubt::arm64;

constexpr Affinity kCpu0{0};
constexpr Affinity kCpu1{1};

class DistributorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(dist_.init(256, kCpu0));
    write(GICD_CTLR, 3);
  }
  auto read(std::uint64_t offset, AccessSize size = AccessSize::Word) const -> std::uint64_t {
    return dist_.read(MmioOffset{offset}, size);
  }
  auto write(std::uint64_t offset, std::uint64_t value, AccessSize size = AccessSize::Word) -> bool {
    return dist_.write(MmioOffset{offset}, size, value).rescan;
  }
  auto set_bit(std::uint64_t array, std::uint32_t spi) -> bool { return write(array + 4 * (spi / 32), 1U << (spi % 32)); }
  auto bit_set(std::uint64_t array, std::uint32_t spi) const -> bool {
    return ((read(array + 4 * (spi / 32)) >> (spi % 32)) & 1U) != 0;
  }
  void make_edge(std::uint32_t spi) {
    const std::uint64_t offset = GICD_ICFGR + 4 * (spi / 16);
    write(offset, read(offset) | (2U << (2 * (spi % 16))));
  }
  auto collect(Affinity self) -> std::vector<SpiRequest> {
    std::vector<SpiRequest> out(kMaxSpiRequests);
    out.resize(dist_.collect(self, out));
    return out;
  }
  void complete(Affinity self, std::uint32_t spi, std::uint32_t flags) {
    (void)dist_.complete(self, {.intid = Intid{spi}, .flags = flags | kSpiInFlight});
  }
  Distributor dist_;
};

TEST_F(DistributorTest, bad_number_of_interrupts_is_refused) {
  for (const std::uint32_t n : {0U, 32U, 63U, 65U, 993U, 1020U, 1024U, 0xffff'ffe0U}) {
    EXPECT_EQ(dist_.init(n, kCpu0).error(), Error::INVALID) << n;
  }
  EXPECT_TRUE(dist_.init(64, kCpu0));
  EXPECT_TRUE(dist_.init(992, kCpu0));
}

TEST_F(DistributorTest, good_identification) {
  EXPECT_EQ(read(GICD_TYPER), (9U << 19U) | 7U);
  EXPECT_EQ(read(GICD_IIDR), kIidr);
  EXPECT_EQ(read(GIC_PIDR2), 0x3bU);
  EXPECT_EQ(read(GICD_CTLR), 0x53U);
  write(GICD_CTLR, 0);
  EXPECT_EQ(read(GICD_CTLR), 0x50U);
}

TEST_F(DistributorTest, bad_private_and_missing_interrupts_read_as_zero) {
  for (const std::uint64_t array : {GICD_IGROUPR, GICD_ISENABLER, GICD_ISPENDR, GICD_ISACTIVER}) {
    write(array, 0xffff'ffff);
    write(array + 32, 0xffff'ffff);
    EXPECT_EQ(read(array), 0U);
    EXPECT_EQ(read(array + 32), 0U);
  }
  write(GICD_IPRIORITYR + 28, 0xffff'ffff);
  write(GICD_IPRIORITYR + 256, 0xffff'ffff);
  write(GICD_IROUTER + 8 * 31, 1, AccessSize::Double);
  write(GICD_IROUTER + 8 * 256, 1, AccessSize::Double);
  write(GICD_ICFGR + 4, 0xffff'ffff);
  EXPECT_EQ(read(GICD_IPRIORITYR + 28), 0U);
  EXPECT_EQ(read(GICD_IPRIORITYR + 256), 0U);
  EXPECT_EQ(read(GICD_IROUTER + 8 * 31, AccessSize::Double), 0U);
  EXPECT_EQ(read(GICD_IROUTER + 8 * 256, AccessSize::Double), 0U);
  EXPECT_EQ(read(GICD_ICFGR + 4), 0U);
}

TEST_F(DistributorTest, good_router_in_halves) {
  write(GICD_IROUTER + 8 * 40, 0xffff'ffff'ffff'ffffU, AccessSize::Double);
  EXPECT_EQ(read(GICD_IROUTER + 8 * 40, AccessSize::Double), 0x80ff'ffffU);
  write(GICD_IROUTER + 8 * 40, 0x0001'0203);
  write(GICD_IROUTER + 8 * 40 + 4, 0xff);
  EXPECT_EQ(read(GICD_IROUTER + 8 * 40, AccessSize::Double), 0x0001'0203U);
  EXPECT_EQ(read(GICD_IROUTER + 8 * 40 + 4), 0U);
  write(GICD_IROUTER + 8 * 40, 0xff, AccessSize::Half);
  EXPECT_EQ(read(GICD_IROUTER + 8 * 40), 0x0001'0203U);
}

TEST_F(DistributorTest, good_configuration_round_trip) {
  write(GICD_ICFGR + 4 * 3, 0xffff'ffff);
  EXPECT_EQ(read(GICD_ICFGR + 4 * 3), 0xaaaa'aaaaU);
  EXPECT_EQ(read(GICD_ICFGR + 4 * 2), 0U);
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

TEST_F(DistributorTest, good_access_to_state_in_flight_asks_for_exits) {
  set_bit(GICD_ISENABLER, 40);
  dist_.set_line(Intid{40}, true);
  EXPECT_FALSE(dist_.sync_needed(MmioOffset{GICD_ISACTIVER + 4}));
  ASSERT_EQ(collect(kCpu0).size(), 1U);
  for (const std::uint64_t array : {GICD_ICENABLER, GICD_ISPENDR, GICD_ICPENDR, GICD_ISACTIVER, GICD_ICACTIVER}) {
    EXPECT_TRUE(dist_.sync_needed(MmioOffset{array + 4}));
    EXPECT_FALSE(dist_.sync_needed(MmioOffset{array + 8}));
  }
  for (const std::uint64_t offset : {GICD_CTLR, GICD_ISENABLER + 4, GICD_IPRIORITYR + 40, GICD_ISACTIVER + 0x7c}) {
    EXPECT_FALSE(dist_.sync_needed(MmioOffset{offset}));
  }
}

TEST_F(DistributorTest, bad_random_accesses_never_trap) {
  std::mt19937_64 random{3};
  const AccessSize sizes[] = {AccessSize::Byte, AccessSize::Half, AccessSize::Word, AccessSize::Double};
  for (const std::uint32_t nr_irqs : {64U, 256U, 992U}) {
    ASSERT_TRUE(dist_.init(nr_irqs, kCpu0));
    for (int i = 0; i < 100000; ++i) {
      const std::uint64_t wild = (i % 16) == 0 ? random() : random() % 0x10040;
      const AccessSize size = sizes[random() % 4];
      write(wild, random(), size);
      (void)dist_.sync_needed(MmioOffset{wild});
      const std::uint64_t value = read(wild, size);
      if (size != AccessSize::Double) EXPECT_EQ(value >> (8U * static_cast<unsigned>(size)), 0U);
      dist_.set_line(Intid{static_cast<std::uint32_t>(random() % 1100)}, (random() & 1U) != 0);
      if (i % 8 != 0) continue;
      for (const auto& request : collect(kCpu0)) {
        ASSERT_TRUE(validate_spi_request(request, nr_irqs));
        complete(kCpu0, request.intid.value(), static_cast<std::uint32_t>(random()));
      }
    }
  }
}

TEST_F(DistributorTest, bad_access_before_init_reads_zero) {
  const auto fresh = std::make_unique<Distributor>();
  for (std::uint64_t offset = 0; offset < 0x10000; offset += 4) {
    EXPECT_FALSE(fresh->write(MmioOffset{offset}, AccessSize::Word, 0xffff'ffff).rescan);
    EXPECT_EQ(fresh->read(MmioOffset{offset}, AccessSize::Word), 0U);
    EXPECT_FALSE(fresh->sync_needed(MmioOffset{offset}));
  }
  EXPECT_FALSE(fresh->pulse(Intid{40}));
  EXPECT_FALSE(fresh->has_pending_for(kCpu0));
}

}  // namespace
}  // namespace redoubt::vgic
