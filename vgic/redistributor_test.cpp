// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "vgic/redistributor.hpp"

#include <gtest/gtest.h>

#include <random>

#include "vgic/list_registers.hpp"

namespace redoubt::vgic {
namespace {

using namespace redoubt::arm64;

[[maybe_unused]] constinit const PrivateIrqs kResetIsConstant{};  // no dynamic initialisation

constexpr RedistConfig kConfig{.affinity = Affinity{0x0102'0304}, .processor_number = 5, .last = true};

class Redistributor : public ::testing::Test {
 protected:
  auto read(std::uint64_t offset, AccessSize size = AccessSize::Word) const -> std::uint64_t {
    return redistributor_read(irqs_, kConfig, MmioOffset{offset}, size);
  }
  void write(std::uint64_t offset, std::uint64_t value, AccessSize size = AccessSize::Word) {
    redistributor_write(irqs_, MmioOffset{offset}, size, value);
  }
  PrivateIrqs irqs_;
};

TEST_F(Redistributor, good_reset_state) {
  EXPECT_EQ(read(GICR_IGROUPR0), 0xffff'ffffU);
  EXPECT_EQ(read(GICR_ISENABLER0), 0U);
  EXPECT_EQ(read(GICR_ISPENDR0), 0U);
  EXPECT_EQ(read(GICR_ICFGR0), 0xaaaa'aaaaU);
  EXPECT_EQ(read(GICR_ICFGR1), 0U);
  EXPECT_EQ(read(GICR_WAKER), 6U);
  EXPECT_EQ(irqs_.deliverable(), 0U);
}

TEST_F(Redistributor, good_typer_in_one_or_two_reads) {
  const std::uint64_t typer = read(GICR_TYPER, AccessSize::Double);
  EXPECT_EQ(typer, 0x0102'0304'0000'0510U);
  EXPECT_EQ(read(GICR_TYPER), typer & 0xffff'ffffU);
  EXPECT_EQ(read(GICR_TYPER + 4), typer >> 32U);
  EXPECT_EQ(GicrTyper::PLPIS::of(typer), 0U);
}

TEST_F(Redistributor, good_identifies_as_gicv3) {
  EXPECT_EQ(read(GIC_PIDR2), 0x3bU);
  EXPECT_EQ(read(GICR_IIDR), kIidr);
  EXPECT_EQ(read(0xfff0), 0x0dU);
}

TEST_F(Redistributor, good_wakes_up) {
  write(GICR_WAKER, 0);
  EXPECT_EQ(read(GICR_WAKER), 0U);
  write(GICR_WAKER, 2);
  EXPECT_EQ(read(GICR_WAKER), 6U);
}

TEST_F(Redistributor, bad_lpi_configuration_is_ignored) {
  for (const std::uint64_t offset : {GICR_CTLR, GICR_PROPBASER, GICR_PENDBASER}) {
    write(offset, ~std::uint64_t{0}, AccessSize::Word);
    write(offset, ~std::uint64_t{0}, AccessSize::Double);
    EXPECT_EQ(read(offset, AccessSize::Word), 0U);
    EXPECT_EQ(read(offset, AccessSize::Double), 0U);
  }
}

TEST_F(Redistributor, good_set_and_clear_registers) {
  write(GICR_ISENABLER0, 0x0800'0001);
  write(GICR_ICENABLER0, 1);
  EXPECT_EQ(read(GICR_ICENABLER0), 0x0800'0000U);
  write(GICR_ISPENDR0, 0x30);
  write(GICR_ICPENDR0, 0x10);
  EXPECT_EQ(read(GICR_ISPENDR0), 0x20U);
  write(GICR_ISACTIVER0, 0xc0);
  write(GICR_ICACTIVER0, 0x40);
  EXPECT_EQ(read(GICR_ISACTIVER0), 0x80U);
  write(GICR_IGROUPR0, 0x1234);
  EXPECT_EQ(read(GICR_IGROUPR0), 0x1234U);
}

TEST_F(Redistributor, good_level_pending_is_line_or_latch) {
  irqs_.set_level(kVirtualTimerIntid, true);
  write(GICR_ICPENDR0, 1U << 27U);
  EXPECT_EQ(read(GICR_ISPENDR0), 1U << 27U);
  write(GICR_ISPENDR0, 1U << 27U);
  irqs_.set_level(kVirtualTimerIntid, false);
  EXPECT_EQ(read(GICR_ISPENDR0), 1U << 27U);
  write(GICR_ICPENDR0, 1U << 27U);
  EXPECT_EQ(read(GICR_ISPENDR0), 0U);
}

TEST_F(Redistributor, bad_line_of_an_sgi_or_spi_is_ignored) {
  irqs_.set_level(Intid{15}, true);
  irqs_.set_level(Intid{32}, true);
  irqs_.set_level(Intid{0xffff'ffff}, true);
  EXPECT_EQ(irqs_.pending_bits(), 0U);
}

TEST_F(Redistributor, good_priority_bytes_keep_five_bits) {
  write(GICR_IPRIORITYR + 24, 0xffff'ffff);
  write(GICR_IPRIORITYR + 27, 0x47, AccessSize::Byte);
  EXPECT_EQ(read(GICR_IPRIORITYR + 24), 0x40f8'f8f8U);
  EXPECT_EQ(read(GICR_IPRIORITYR + 27, AccessSize::Byte), 0x40U);
  EXPECT_EQ(irqs_.priority(kVirtualTimerIntid), 0x40U);
}

TEST_F(Redistributor, bad_width_or_alignment_does_nothing) {
  write(GICR_ISENABLER0, 0xff, AccessSize::Byte);
  write(GICR_ISENABLER0, 0xff, AccessSize::Half);
  write(GICR_ISENABLER0, 0xff, AccessSize::Double);
  write(GICR_ISENABLER0 + 2, 0xff, AccessSize::Word);
  write(GICR_IPRIORITYR, 0xffff, AccessSize::Half);
  write(GICR_IPRIORITYR, ~std::uint64_t{0}, AccessSize::Double);
  EXPECT_EQ(irqs_.enabled_bits(), 0U);
  EXPECT_EQ(irqs_.priority_word(0), 0U);
  EXPECT_EQ(read(GICR_ICFGR0, AccessSize::Half), 0U);
  EXPECT_EQ(read(GICR_WAKER, AccessSize::Byte), 0U);
}

TEST_F(Redistributor, bad_random_accesses_never_trap) {
  std::mt19937_64 random{1};
  const AccessSize sizes[] = {AccessSize::Byte, AccessSize::Half, AccessSize::Word, AccessSize::Double};
  for (int i = 0; i < 400000; ++i) {
    const std::uint64_t wild = (i % 16) == 0 ? random() : random() % (kRedistributorSize + 64);
    const AccessSize size = sizes[random() % 4];
    write(wild, random(), size);
    const std::uint64_t value = read(wild, size);
    if (size != AccessSize::Double) EXPECT_EQ(value >> (8U * static_cast<unsigned>(size)), 0U);
  }
  EXPECT_EQ(read(GICR_ICFGR0), 0xaaaa'aaaaU);
  EXPECT_EQ(read(GIC_PIDR2), 0x3bU);
}

// Every readable state differs between the two sides of fold(), so a register that shows it and is not named would be seen.
TEST(RedistributorFold, good_needed_where_list_registers_hold_what_is_read) {
  PrivateIrqs irqs;
  SpiSet spis;
  LrFile file;
  irqs.set_groups(GroupEnables::of_ctlr(3));
  irqs.enable(0x0800'00f1);
  irqs.set_group1_bits(0xffff'ff0f);
  irqs.fold_inbox(0x31);
  irqs.activate(0xc0);
  const PrivateIrqs whole = irqs;
  compose(irqs, spis, GicCpuConfig{.nr_lrs = 16, .priority_mask = 0xf8, .timer_pintid = 27}, file);
  ASSERT_EQ(file.used, 5);
  unsigned different = 0;
  for (std::uint64_t at = 0; at < kRedistributorSize; at += 4) {
    const MmioOffset offset{at};
    const auto now = redistributor_read(irqs, kConfig, offset, AccessSize::Word);
    const auto folded = redistributor_read(whole, kConfig, offset, AccessSize::Word);
    if (now == folded) continue;
    ++different;
    EXPECT_TRUE(redistributor_needs_fold(offset, false)) << std::hex << at;
  }
  EXPECT_EQ(different, 4U) << "ISPENDR0, ICPENDR0, ISACTIVER0, ICACTIVER0";
  EXPECT_FALSE(redistributor_needs_fold(MmioOffset{GICR_ISENABLER0}, false));
  EXPECT_TRUE(redistributor_needs_fold(MmioOffset{GICR_ISENABLER0}, true)) << "it decides what is presented";
  EXPECT_FALSE(redistributor_needs_fold(MmioOffset{GICR_TYPER}, true));
}

TEST(AccessSizes, bad_numbers_have_no_width) {
  for (const std::uint64_t bytes : {0U, 3U, 5U, 6U, 7U, 9U, 16U}) EXPECT_FALSE(access_size(bytes));
  for (const std::uint64_t bytes : {1U, 2U, 4U, 8U}) EXPECT_TRUE(access_size(bytes));
}

}  // namespace
}  // namespace redoubt::vgic
