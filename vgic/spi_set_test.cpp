// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "vgic/spi_set.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "vgic/lr_fixture.hpp"

namespace redoubt::vgic {
namespace {

using Lr = arm64::IchLr;

class SpiSetTest : public LrFixture {};

TEST_F(SpiSetTest, good_spi_status_follows_the_register) {
  load({spi(40, kSpiPending), spi(41, kSpiPending | kSpiLevel), spi(42, kSpiPending)});
  compose_now();
  ASSERT_EQ(file_.used, 3);
  file_.lr[0] ^= Lr::Pending::kMask | Lr::Active::kMask;
  file_.lr[1] &= ~Lr::Pending::kMask;
  EXPECT_TRUE(fold_now()) << "a level-sensitive SPI was ended";
  EXPECT_EQ(spis_.status(0), kSpiInFlight | kSpiActive);
  EXPECT_EQ(spis_.status(1), kSpiInFlight);
  EXPECT_EQ(spis_.status(2), kSpiInFlight | kSpiPending);
  compose_now();
  EXPECT_EQ(intids(), (std::multiset<std::uint64_t>{40, 42}));
}

TEST_F(SpiSetTest, bad_requests_are_not_accepted) {
  load({spi(31, kSpiPending), spi(0, kSpiPending), spi(256, kSpiPending), spi(1023, kSpiPending),
        spi(0xffff'ffff, kSpiPending), spi(40, kSpiPending | kSpiInFlight), spi(40, kSpiPending | 1U << 4U),
        spi(41, kSpiPending), spi(41, kSpiPending | kSpiActive)});
  compose_now({.nr_lrs = 16, .priority_mask = 0xf8, .timer_pintid = 27});
  EXPECT_EQ(intids(), (std::multiset<std::uint64_t>{41}));
  for (unsigned i = 0; i < 32; ++i) EXPECT_EQ(spis_.status(i), i == 7 ? kSpiInFlight | kSpiPending : 0U) << i;
}

TEST_F(SpiSetTest, bad_request_cannot_reach_hardware_or_private_fields) {
  load({spi(40, kSpiPending, 0xff)});
  compose_now();
  EXPECT_EQ(file_.lr[0], 0x50f8'0000'0000'0028U);
  EXPECT_EQ(validate_spi_request(spi(1000, kSpiPending), 0xffff'ffff).error(), Error::INVALID);
}

TEST_F(SpiSetTest, bad_more_than_sixteen_requests_are_cut) {
  std::vector<SpiRequest> many;
  for (std::uint32_t i = 0; i < 40; ++i) many.push_back(spi(64 + i, kSpiPending));
  load(many);
  compose_now({.nr_lrs = 255, .priority_mask = 0xf8, .timer_pintid = 27});
  EXPECT_EQ(file_.used, 16);
}

TEST_F(SpiSetTest, bad_spi_that_the_guest_did_not_enable_is_not_presented) {
  SpiEnableMirror mirror;
  mirror.observe_write(MmioOffset{arm64::GICD_ISENABLER + 4}, AccessSize::Word, 1U << 9U);
  load({spi(40, kSpiPending), spi(41, kSpiPending), spi(42, kSpiPending | kSpiActive)}, &mirror);
  compose_now();
  EXPECT_EQ(intids(), (std::multiset<std::uint64_t>{41, 42}));
  EXPECT_EQ(file_.lr[1] >> 62U, 2U) << "still active, but not pending";
  fold_now();
  EXPECT_EQ(spis_.status(0), kSpiInFlight | kSpiPending) << "stays pending at the host";
  EXPECT_EQ(spis_.status(2), kSpiInFlight | kSpiPending | kSpiActive);
}

TEST_F(SpiSetTest, good_a_second_load_forgets_the_first) {
  load({spi(40, kSpiPending), spi(41, kSpiPending)});
  load({spi(42, kSpiPending)});
  compose_now();
  EXPECT_EQ(intids(), (std::multiset<std::uint64_t>{42}));
  EXPECT_EQ(spis_.status(1), 0U);
}

}  // namespace
}  // namespace redoubt::vgic
