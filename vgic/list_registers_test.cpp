// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "vgic/list_registers.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "vgic/fake_cpu_interface.hpp"
#include "vgic/lr_fixture.hpp"

namespace redoubt::vgic {
namespace {

using Lr = arm64::IchLr;
using Hcr = arm64::IchHcr;

class ListRegisters : public LrFixture {};

TEST_F(ListRegisters, good_nothing_deliverable_uses_nothing) {
  compose_now();
  EXPECT_EQ(file_.used, 0);
  EXPECT_EQ(file_.hints, 0U);
  EXPECT_FALSE(file_.hold_timer);
  EXPECT_FALSE(fold_now());
}

TEST_F(ListRegisters, good_format_of_an_sgi) {
  priority(5, 0xa0);
  irqs_.fold_inbox(1U << 5U);
  compose_now();
  ASSERT_EQ(file_.used, 1);
  EXPECT_EQ(file_.lr[0], 0x50a0'0000'0000'0005U);
  EXPECT_EQ(irqs_.pending_bits(), 0U) << "the pending state has moved into the register";
  fold_now();
  EXPECT_EQ(irqs_.pending_bits(), 1U << 5U);
}

TEST_F(ListRegisters, good_format_of_the_timer) {
  priority(27, 0xa0);
  irqs_.set_level(kVirtualTimerIntid, true);
  compose_now();
  ASSERT_EQ(file_.used, 1);
  EXPECT_EQ(file_.lr[0], 0x70a0'001b'0000'001bU);
  EXPECT_TRUE(file_.hold_timer);
}

TEST_F(ListRegisters, good_format_of_other_level_interrupts) {
  irqs_.set_level(Intid{23}, true);
  load({spi(40, kSpiPending | kSpiLevel), spi(41, kSpiPending | kSpiActive)});
  compose_now();
  ASSERT_EQ(file_.used, 3);
  EXPECT_EQ(file_.lr[0], 0x5000'0200'0000'0017U);
  EXPECT_EQ(file_.lr[1], 0x5080'0200'0000'0028U);
  EXPECT_EQ(file_.lr[2], 0xd080'0000'0000'0029U);
}

TEST_F(ListRegisters, good_group_0_and_disabled_groups) {
  irqs_.set_group1_bits(0);
  irqs_.fold_inbox(1);
  irqs_.set_groups(GroupEnables::of_ctlr(2));
  compose_now();
  EXPECT_EQ(file_.used, 0);
  irqs_.set_groups(GroupEnables::of_ctlr(1));
  compose_now();
  ASSERT_EQ(file_.used, 1);
  EXPECT_EQ(Lr::Group::of(file_.lr[0]), 0U);
}

TEST_F(ListRegisters, good_line_that_drops_withdraws_the_interrupt) {
  irqs_.set_level(kVirtualTimerIntid, true);
  compose_now();
  ASSERT_EQ(file_.used, 1);
  fold_now();
  irqs_.set_level(kVirtualTimerIntid, false);
  compose_now();
  EXPECT_EQ(file_.used, 0);
  EXPECT_FALSE(file_.hold_timer);
}

TEST_F(ListRegisters, good_line_that_drops_while_active_stays_active) {
  irqs_.set_level(kVirtualTimerIntid, true);
  compose_now();
  file_.lr[0] ^= Lr::Pending::kMask | Lr::Active::kMask;
  fold_now();
  irqs_.set_level(kVirtualTimerIntid, false);
  compose_now();
  ASSERT_EQ(file_.used, 1);
  EXPECT_EQ(file_.lr[0] >> 62U, 2U);
  EXPECT_TRUE(file_.hold_timer);
}

TEST_F(ListRegisters, good_software_latch_of_a_ppi_ends_at_acknowledge) {
  irqs_.set_pending(1U << 20U);
  compose_now();
  fold_now();
  EXPECT_EQ(irqs_.pending_bits(), 1U << 20U) << "not acknowledged yet";
  compose_now();
  file_.lr[0] ^= Lr::Pending::kMask | Lr::Active::kMask;
  fold_now();
  EXPECT_EQ(irqs_.pending_bits(), 0U);
  EXPECT_EQ(irqs_.active_bits(), 1U << 20U);
}

TEST_F(ListRegisters, good_timer_is_held_while_it_cannot_be_presented) {
  irqs_.disable(1U << 27U);
  irqs_.set_level(kVirtualTimerIntid, true);
  compose_now();
  EXPECT_EQ(file_.used, 0);
  EXPECT_TRUE(file_.hold_timer) << "else the physical interrupt fires for ever";
  compose(irqs_, spis_, {.nr_lrs = 4, .priority_mask = 0xf8, .timer_pintid = 0}, file_);
  EXPECT_FALSE(file_.hold_timer);
}

TEST_F(ListRegisters, good_sgi_active_and_pending_at_once) {
  irqs_.fold_inbox(1);
  compose_now();
  file_.lr[0] ^= Lr::Pending::kMask | Lr::Active::kMask;
  fold_now();
  irqs_.fold_inbox(1);
  compose_now();
  ASSERT_EQ(file_.used, 1);
  EXPECT_EQ(file_.lr[0] >> 62U, 3U);
}

TEST_F(ListRegisters, bad_level_interrupt_is_never_active_and_pending_in_a_register) {
  irqs_.activate((1U << 27U) | (1U << 23U));
  irqs_.set_level(kVirtualTimerIntid, true);
  irqs_.set_level(Intid{23}, true);
  load({spi(40, kSpiPending | kSpiActive | kSpiLevel)});
  compose_now();
  ASSERT_EQ(file_.used, 3);
  for (unsigned n = 0; n < 3; ++n) EXPECT_EQ(file_.lr[n] >> 62U, 2U) << n;
  fold_now();
  EXPECT_EQ(spis_.status(0), kSpiInFlight | kSpiPending | kSpiActive);
}

TEST_F(ListRegisters, good_overflow_takes_the_most_urgent_and_asks_for_maintenance) {
  for (std::uint32_t irq = 0; irq < 8; ++irq) priority(irq, 0xf8 - 8 * irq);
  irqs_.fold_inbox(0xff);
  compose_now();
  EXPECT_EQ(intids(), (std::multiset<std::uint64_t>{4, 5, 6, 7}));
  EXPECT_EQ(file_.hints, Hcr::UIE::kMask | Hcr::NPIE::kMask);
  EXPECT_EQ(irqs_.pending_bits(), 0x0fU);
  fold_now();
  EXPECT_EQ(irqs_.pending_bits(), 0xffU);
}

TEST_F(ListRegisters, good_one_register_is_kept_for_private_interrupts) {
  priority(3, 0xf8);
  irqs_.fold_inbox(1U << 3U);
  std::vector<SpiRequest> flood;
  for (std::uint32_t i = 0; i < 16; ++i) flood.push_back(spi(64 + i, kSpiPending | (i % 2 != 0 ? kSpiActive : 0), 0));
  load(flood);
  compose_now();
  EXPECT_EQ(file_.used, 4);
  EXPECT_EQ(intids().count(3), 1U);
  fold_now();
  for (std::uint8_t nr_lrs = 1; nr_lrs <= 16; ++nr_lrs) {
    compose(irqs_, spis_, {.nr_lrs = nr_lrs, .priority_mask = 0xf8, .timer_pintid = 27}, file_);
    EXPECT_EQ(file_.used, nr_lrs);
    EXPECT_EQ(intids().count(3), 1U);
    fold_now();
  }
}

TEST_F(ListRegisters, good_active_goes_before_pending) {
  irqs_.activate(0x70);
  for (std::uint32_t irq = 0; irq < 7; ++irq) priority(irq, irq < 4 ? 0 : 0xf0);
  irqs_.fold_inbox(0x0f);
  compose_now();
  EXPECT_EQ(intids().count(4) + intids().count(5) + intids().count(6), 3U);
  EXPECT_EQ(file_.used, 4);
}

TEST_F(ListRegisters, good_active_without_register_is_ended_by_count) {
  for (std::uint32_t irq = 0; irq < 6; ++irq) priority(irq, 8 * irq);
  irqs_.activate(0x3f);
  compose_now();
  EXPECT_EQ(intids(), (std::multiset<std::uint64_t>{0, 1, 2, 3}));
  EXPECT_EQ(file_.hints, Hcr::LRENPIE::kMask);
  for (unsigned n = 0; n < 4; ++n) file_.lr[n] &= ~Lr::Active::kMask;
  fold_now(1);
  EXPECT_EQ(irqs_.active_bits(), 1U << 5U);
}

TEST_F(ListRegisters, bad_eoi_count_beyond_the_active_ones_is_harmless) {
  irqs_.fold_inbox(1);
  load({spi(40, kSpiActive | kSpiLevel)});
  compose_now();
  fold_now(31);
  EXPECT_EQ(irqs_.pending_bits(), 1U);
  EXPECT_EQ(spis_.status(0), kSpiInFlight | kSpiActive);
}

TEST_F(ListRegisters, bad_compose_without_fold_loses_nothing) {
  irqs_.fold_inbox(1);
  compose_now();
  irqs_.fold_inbox(2);
  compose_now();
  EXPECT_EQ(intids(), (std::multiset<std::uint64_t>{0}));
  fold_now();
  EXPECT_EQ(irqs_.pending_bits(), 3U);
}

TEST_F(ListRegisters, good_wake_up_obeys_mask_and_group_enables) {
  using Vmcr = arm64::IchVmcr;
  priority(3, 0x80);
  irqs_.fold_inbox(1U << 3U);
  EXPECT_TRUE(deliverable_with(irqs_, spis_, kOpenVmcr));
  EXPECT_FALSE(deliverable_with(irqs_, spis_, Vmcr::VENG1::kMask | Vmcr::VPMR::make(0x80)));
  EXPECT_TRUE(deliverable_with(irqs_, spis_, Vmcr::VENG1::kMask | Vmcr::VPMR::make(0x88)));
  EXPECT_FALSE(deliverable_with(irqs_, spis_, Vmcr::VENG0::kMask | Vmcr::VPMR::make(0xff)));
  irqs_.disable(1U << 3U);
  EXPECT_FALSE(deliverable_with(irqs_, spis_, kOpenVmcr));
  load({spi(40, kSpiPending | kSpiActive), spi(41, kSpiPending, 0xa0)});
  EXPECT_TRUE(deliverable_with(irqs_, spis_, kOpenVmcr));
  EXPECT_FALSE(deliverable_with(irqs_, spis_, Vmcr::VENG1::kMask | Vmcr::VPMR::make(0xa0)));
}

TEST(GicCpuConfigTest, good_from_vtr) {
  constexpr auto config = GicCpuConfig::of_vtr(0x9000'0003U, 27);
  static_assert(config.nr_lrs == 4 && config.priority_mask == 0xf8 && config.timer_pintid == 27);
  EXPECT_EQ(GicCpuConfig::of_vtr(std::uint64_t{3} << 29U, 27).priority_mask, 0xf0);
  EXPECT_EQ(GicCpuConfig::of_vtr(std::uint64_t{6} << 29U, 27).priority_mask, 0xf8);
}

}  // namespace
}  // namespace redoubt::vgic
