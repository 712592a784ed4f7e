// SPDX-License-Identifier: Apache-2.0
#include "hyp/fdt/reservations.hpp"

#include <gtest/gtest.h>

namespace redoubt::hyp::fdt {
namespace {

auto range(std::uint64_t begin, std::uint64_t end) -> PaRange { return PaRange{Pa{begin}, Pa{end}}; }

const PaRange kTree = range(0x4800'0000, 0x4801'0000);

auto machine() -> PlatformInfo {
  PlatformInfo info{};
  EXPECT_TRUE(info.ram.insert(range(0x4000'0000, 0x8000'0000)));
  EXPECT_TRUE(info.ram.insert(range(0x1'0000'0000, 0x1'4000'0000)));
  return info;
}

TEST(MarkerPage, good_is_the_last_page_of_the_highest_ram) {
  EXPECT_EQ(marker_page(machine(), kTree), range(0x1'3fff'f000, 0x1'4000'0000));
}

TEST(MarkerPage, good_lies_below_what_firmware_reserved) {
  auto info = machine();
  ASSERT_TRUE(info.reserved.push({range(0x1'3f00'0000, 0x1'3ff0'0000), false}));
  ASSERT_TRUE(info.reserved.push({range(0x1'3ff0'0800, 0x1'4000'0000), true}));
  // Pages touched by the second one count; the first then begins right below.
  EXPECT_EQ(marker_page(info, kTree), range(0x1'3eff'f000, 0x1'3f00'0000));
}

TEST(MarkerPage, good_goes_to_the_next_ram_when_all_is_reserved) {
  auto info = machine();
  ASSERT_TRUE(info.reserved.push({range(0x1'0000'0000, 0x1'4000'0000), true}));
  EXPECT_EQ(marker_page(info, kTree), range(0x7fff'f000, 0x8000'0000));
  ASSERT_TRUE(info.reserved.push({range(0x4000'0000, 0x8000'0000), true}));
  // The tree lies in it: then it is no reservation of the firmware's.
  EXPECT_EQ(marker_page(info, kTree), range(0x7fff'f000, 0x8000'0000));
  EXPECT_EQ(marker_page(info, range(0x10'0000, 0x10'1000)), std::nullopt);
}

// What the loader loads may move at the host's will: it must not move the marker.
TEST(MarkerPage, bad_loader_files_at_the_top_do_not_move_it) {
  auto info = machine();
  info.chosen.initrd = range(0x1'3000'0000, 0x1'4000'0000);
  ASSERT_TRUE(info.reserved.push({range(0x1'3000'0000, 0x1'4000'0000), false}));
  EXPECT_EQ(marker_page(info, kTree), range(0x1'3fff'f000, 0x1'4000'0000));
  EXPECT_FALSE(firmware_owns(info, kTree, info.reserved[0].range));
  info.chosen.initrd.reset();
  ASSERT_TRUE(info.chosen.modules.push({BootModule::Kind::RAMDISK, range(0x1'3fff'0000, 0x1'3fff'ffff), {}}));
  EXPECT_EQ(marker_page(info, kTree), range(0x1'3fff'f000, 0x1'4000'0000));
}

}  // namespace
}  // namespace redoubt::hyp::fdt
