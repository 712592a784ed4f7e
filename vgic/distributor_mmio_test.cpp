// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "vgic/distributor.hpp"
#include "vgic/distributor_fixture.hpp"

namespace redoubt::vgic {
namespace {

using namespace redoubt::arm64;

class DistributorMmio : public DistributorFixture {};

TEST_F(DistributorMmio, good_identification) {
  EXPECT_EQ(read(GICD_TYPER), (9U << 19U) | 7U);
  EXPECT_EQ(read(GICD_IIDR), kIidr);
  EXPECT_EQ(read(GIC_PIDR2), 0x3bU);
  EXPECT_EQ(read(GICD_CTLR), 0x53U);
  write(GICD_CTLR, 0);
  EXPECT_EQ(read(GICD_CTLR), 0x50U);
}

TEST_F(DistributorMmio, bad_private_and_missing_interrupts_read_as_zero) {
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

TEST_F(DistributorMmio, good_router_in_halves) {
  write(GICD_IROUTER + 8 * 40, 0xffff'ffff'ffff'ffffU, AccessSize::Double);
  EXPECT_EQ(read(GICD_IROUTER + 8 * 40, AccessSize::Double), 0x80ff'ffffU);
  write(GICD_IROUTER + 8 * 40, 0x0001'0203);
  write(GICD_IROUTER + 8 * 40 + 4, 0xff);
  EXPECT_EQ(read(GICD_IROUTER + 8 * 40, AccessSize::Double), 0x0001'0203U);
  EXPECT_EQ(read(GICD_IROUTER + 8 * 40 + 4), 0U);
  write(GICD_IROUTER + 8 * 40, 0xff, AccessSize::Half);
  EXPECT_EQ(read(GICD_IROUTER + 8 * 40), 0x0001'0203U);
}

TEST_F(DistributorMmio, good_configuration_round_trip) {
  write(GICD_ICFGR + 4 * 3, 0xffff'ffff);
  EXPECT_EQ(read(GICD_ICFGR + 4 * 3), 0xaaaa'aaaaU);
  EXPECT_EQ(read(GICD_ICFGR + 4 * 2), 0U);
}

TEST_F(DistributorMmio, good_access_to_state_in_flight_asks_for_exits) {
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

TEST_F(DistributorMmio, bad_random_accesses_never_trap) {
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

TEST_F(DistributorMmio, bad_access_before_init_reads_zero) {
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
