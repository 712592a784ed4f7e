// SPDX-License-Identifier: Apache-2.0
#include "hyp/fdt/windows.hpp"

#include <gtest/gtest.h>

#include "hyp/fdt/test_tree.hpp"

namespace redoubt::hyp::fdt::test {
namespace {

constexpr Policy kOpen{.dma = Dma::OPEN, .private_uart = {}};

auto windows_of(const Scanned& tree, const Policy& policy, std::span<const PaRange> forbidden = {}) -> Windows {
  Windows windows;
  EXPECT_TRUE(mmio_windows(tree.reader, policy, tree.info, forbidden, windows));
  return windows;
}

auto ranges_of(const Windows& windows) -> std::vector<PaRange> {
  return {windows.set.ranges().begin(), windows.set.ranges().end()};
}

TEST(Windows, strict_maps_three_pages_of_the_qemu_machine) {
  for (const char* name : {"qemu_virt", "qemu_smmu", "qemu_numa", "qemu_modules"}) {
    const Windows windows = windows_of(Scanned{load(name)}, {});
    // PL011, PL031; PL061. Not fw_cfg between them.
    EXPECT_EQ(ranges_of(windows),
              (std::vector{range(0x9000000, 0x1000), range(0x9010000, 0x1000), range(0x9030000, 0x1000)}));
    EXPECT_EQ(windows.clipped_device + windows.clipped_memory, 0U);
  }
}

TEST(Windows, open_adds_the_masters_but_no_gic_its_or_flash) {
  const Windows windows = windows_of(Scanned{load("qemu_smmu")}, kOpen);
  EXPECT_EQ(
      ranges_of(windows),
      (std::vector{range(0x9000000, 0x1000), range(0x9010000, 0x1000), range(0x9020000, 0x1000),
                   range(0x9030000, 0x1000), range(0x9050000, 0x20000), range(0xa000000, 0x4000),
                   range(0x10000000, 0x2f000000), range(0x4010000000, 0x10000000), range(0x8000000000, 0x8000000000)}));
}

TEST(Windows, of_the_board_leave_out_disabled_unreachable_and_shared_pages) {
  const Windows windows = windows_of(Scanned{load("board")}, {});
  EXPECT_EQ(ranges_of(windows), std::vector{range(0x50001000, 0x2000)}) << "two UARTs; the clock shares a page";
  EXPECT_EQ(windows.clipped_device, 1U);
}

TEST(Windows, never_touch_ram_or_forbidden_pages) {
  const Scanned open_board{load("board")};
  const Windows framebuffer = windows_of(open_board, kOpen);
  EXPECT_GT(framebuffer.clipped_memory, 0U) << "simple-framebuffer lies in RAM";
  for (const PaRange& window : framebuffer.set.ranges()) {
    for (const PaRange& ram : open_board.info.ram.ranges()) EXPECT_FALSE(window.overlaps(ram));
  }
  const PaRange own = range(0x50001800, 0x10);
  const Windows without = windows_of(open_board, {}, {&own, 1});
  EXPECT_EQ(ranges_of(without), std::vector{range(0x50002000, 0x1000)});
  EXPECT_EQ(without.clipped_memory, 1U);
}

TEST(Windows, a_harmless_device_over_the_gic_or_its_gives_nothing) {
  for (const std::uint32_t base : {0x8000000U, 0x80a0000U, 0x8080000U, 0x8ff0000U}) {
    for (const Policy& policy : {Policy{}, kOpen}) {
      const Scanned tree{with_cells(load("qemu_virt"), "/pl031@9010000", "reg", {0, base, 0, 0x1000})};
      const Windows windows = windows_of(tree, policy);
      EXPECT_EQ(windows.clipped_device, 1U);
      for (const PaRange& window : windows.set.ranges()) EXPECT_FALSE(window.overlaps(range(base, 0x1000)));
    }
  }
}

TEST(Windows, private_uart_is_not_mapped) {
  const Policy policy{.dma = Dma::STRICT, .private_uart = Pa{0x9000000}};
  EXPECT_EQ(ranges_of(windows_of(Scanned{load("qemu_virt")}, policy)),
            (std::vector{range(0x9010000, 0x1000), range(0x9030000, 0x1000)}));
}

TEST(Windows, too_many_is_an_error_not_a_shorter_list) {
  std::vector<std::uint32_t> reg;
  for (std::uint32_t i = 0; i <= kMaxWindows; ++i) reg.insert(reg.end(), {0, 0x20000000 + i * 0x2000, 0, 0x1000});
  const Scanned tree{with_cells(load("qemu_virt"), "/pl031@9010000", "reg", reg)};
  Windows windows;
  const auto result = mmio_windows(tree.reader, {}, tree.info, {}, windows);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), FdtError::TOO_MANY);
}

}  // namespace
}  // namespace redoubt::hyp::fdt::test
