// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "vgic/spi_enable_mirror.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "vgic/distributor.hpp"

namespace redoubt::vgic {
namespace {

using namespace redoubt::arm64;

TEST(SpiEnableMirror, good_learns_enables_and_groups) {
  SpiEnableMirror mirror;
  mirror.observe_write(MmioOffset{GICD_CTLR}, AccessSize::Word, 0xffff'fff2);
  EXPECT_FALSE(mirror.groups().group0());
  EXPECT_TRUE(mirror.groups().group1());
  mirror.observe_write(MmioOffset{GICD_ISENABLER + 8}, AccessSize::Word, 0x5);
  EXPECT_TRUE(mirror.enabled(Intid{64}));
  EXPECT_FALSE(mirror.enabled(Intid{65}));
  EXPECT_TRUE(mirror.enabled(Intid{66}));
  mirror.observe_write(MmioOffset{GICD_ICENABLER + 8}, AccessSize::Word, 0x1);
  EXPECT_FALSE(mirror.enabled(Intid{64}));
  EXPECT_TRUE(mirror.enabled(Intid{66}));
}

TEST(SpiEnableMirror, bad_private_and_special_intids_are_never_enabled) {
  SpiEnableMirror mirror;
  mirror.observe_write(MmioOffset{GICD_ISENABLER}, AccessSize::Word, 0xffff'ffff);
  mirror.observe_write(MmioOffset{GICD_ISENABLER + 0x7c}, AccessSize::Word, 0xffff'ffff);
  for (std::uint32_t id = 0; id < 32; ++id) EXPECT_FALSE(mirror.enabled(Intid{id}));
  EXPECT_TRUE(mirror.enabled(Intid{1019}));
  for (const std::uint32_t id : {1020U, 1023U, 1024U, 0xffff'ffffU}) EXPECT_FALSE(mirror.enabled(Intid{id}));
}

TEST(SpiEnableMirror, bad_other_widths_and_offsets_teach_nothing) {
  SpiEnableMirror mirror;
  mirror.observe_write(MmioOffset{GICD_ISENABLER + 4}, AccessSize::Byte, 0xff);
  mirror.observe_write(MmioOffset{GICD_ISENABLER + 8}, AccessSize::Double, ~std::uint64_t{0});
  mirror.observe_write(MmioOffset{GICD_ISENABLER + 6}, AccessSize::Word, 0xff);
  mirror.observe_write(MmioOffset{GICD_ISPENDR + 4}, AccessSize::Word, 0xff);
  mirror.observe_write(MmioOffset{GICD_IGROUPR + 4}, AccessSize::Word, 0xff);
  for (std::uint32_t id = 0; id < 1024; ++id) EXPECT_FALSE(mirror.enabled(Intid{id}));
}

// The filter must agree with the honest distributor about every access a guest can make.
TEST(SpiEnableMirror, good_agrees_with_the_distributor) {
  const auto distributor = std::make_unique<Distributor>();
  ASSERT_TRUE(distributor->init(kMaxIrqs, Affinity{0}));
  SpiEnableMirror mirror;
  std::mt19937_64 random{2};
  const AccessSize sizes[] = {AccessSize::Byte, AccessSize::Half, AccessSize::Word, AccessSize::Word,
                              AccessSize::Double};
  for (int i = 0; i < 100000; ++i) {
    const MmioOffset offset{(i % 8) == 0 ? random() % 0x10000 : random() % 0x200};
    const AccessSize size = sizes[random() % 5];
    const std::uint64_t value = random();
    mirror.observe_write(offset, size, value);
    (void)distributor->write(offset, size, value);
    const auto spi = static_cast<std::uint32_t>(32 + random() % (kMaxIrqs - 32));
    const std::uint64_t word = distributor->read(MmioOffset{GICD_ISENABLER + 4 * (spi / 32)}, AccessSize::Word);
    ASSERT_EQ(mirror.enabled(Intid{spi}), ((word >> (spi % 32)) & 1U) != 0);
    ASSERT_EQ(mirror.groups().ctlr_bits(), distributor->read(MmioOffset{GICD_CTLR}, AccessSize::Word) & 3U);
  }
}

}  // namespace
}  // namespace redoubt::vgic
