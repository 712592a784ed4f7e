// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "hyp/fdt/gicr_frames.hpp"
#include "hyp/fdt/lookup.hpp"
#include "hyp/fdt/test_tree.hpp"

namespace redoubt::hyp::fdt::test {
namespace {

auto ranges_of(const auto& list) -> std::vector<PaRange> { return {list.begin(), list.end()}; }

auto error_of(Blob blob) -> std::optional<FdtError> {
  const Scanned tree{std::move(blob)};
  return tree.result ? std::nullopt : std::optional{tree.result.error()};
}

TEST(Scan, learns_the_qemu_machine) {
  const Scanned tree{load("qemu_virt")};
  ASSERT_TRUE(tree.result);
  const PlatformInfo& info = tree.info;
  EXPECT_EQ(ranges_of(info.ram.ranges()), std::vector{range(0x40000000, 0x80000000)});
  EXPECT_EQ(info.cpu_nodes, 4U);
  EXPECT_EQ((std::vector<std::uint64_t>{info.mpidrs.begin(), info.mpidrs.end()}),
            (std::vector<std::uint64_t>{0, 1, 2, 3}));
  EXPECT_EQ(info.gic.distributor, range(0x8000000, 0x10000));
  EXPECT_EQ(ranges_of(info.gic.redistributors), std::vector{range(0x80a0000, 0xf60000)});
  EXPECT_EQ(info.gic.redistributor_stride, 0U);
  EXPECT_EQ(info.gic.interrupt_cells, 3U);
  EXPECT_EQ(info.gic.maintenance_intid, 25U);
  EXPECT_EQ(ranges_of(info.gic.its), std::vector{range(0x8080000, 0x20000)});
  EXPECT_EQ(info.timer.sec_phys, 29U);
  EXPECT_EQ(info.timer.phys, 30U);
  EXPECT_EQ(info.timer.virt, 27U);
  EXPECT_EQ(info.timer.hyp_phys, 26U);
  EXPECT_EQ(info.console, range(0x9000000, 0x1000));
  EXPECT_TRUE(info.smmus.empty());
  EXPECT_TRUE(info.chosen.modules.empty());
  EXPECT_FALSE(info.chosen.initrd);
}

TEST(Scan, shows_where_the_seeds_lie) {
  const Scanned tree{load("qemu_virt")};
  const auto bytes_at = [&](const BlobSlice& slice) {
    return std::string(reinterpret_cast<const char*>(tree.blob.data()) + slice.offset, slice.bytes);
  };
  EXPECT_EQ(tree.info.chosen.rng_seed.bytes, 32U);
  EXPECT_EQ(bytes_at(tree.info.chosen.rng_seed), raw(tree.blob, "/chosen", "rng-seed"));
  EXPECT_EQ(bytes_at(tree.info.chosen.kaslr_seed), raw(tree.blob, "/chosen", "kaslr-seed"));
  EXPECT_EQ(Scanned{load("board")}.info.chosen.rng_seed.bytes, 0U);
}

TEST(Scan, finds_the_smmu_and_merges_numa_memory) {
  const Scanned with_smmu{load("qemu_smmu")};
  ASSERT_EQ(with_smmu.info.smmus.size(), 1U);
  EXPECT_EQ(with_smmu.info.smmus[0].registers, range(0x9050000, 0x20000));
  EXPECT_EQ(with_smmu.info.smmus[0].phandle, 0x8005U);
  const Scanned numa{load("qemu_numa")};
  EXPECT_EQ(ranges_of(numa.info.ram.ranges()), std::vector{range(0x40000000, 0x80000000)});
}

TEST(Scan, finds_the_images_of_the_guest_loader) {
  const Scanned tree{load("qemu_modules")};
  const ChosenInfo& chosen = tree.info.chosen;
  EXPECT_EQ(chosen.bootargs, "console=ttyAMA0 quiet");
  ASSERT_EQ(chosen.modules.size(), 2U);
  EXPECT_EQ(chosen.modules[0].kind, BootModule::Kind::RAMDISK);
  EXPECT_EQ(chosen.modules[0].range, range(0x4e000000, 0x1000));
  EXPECT_EQ(chosen.modules[0].bootargs, "");
  EXPECT_EQ(chosen.modules[1].kind, BootModule::Kind::KERNEL);
  EXPECT_EQ(chosen.modules[1].range, range(0x49000000, 0x1000));
  EXPECT_EQ(chosen.modules[1].bootargs, "console=ttyAMA0 quiet");
}

TEST(Scan, finds_a_module_by_the_cells_of_chosen_itself) {
  Blob blob =
      with_cells(with_cells(load("qemu_modules"), "/chosen", "#address-cells", {1}), "/chosen", "#size-cells", {1});
  blob = with_cells(without_node(blob, "/chosen/module@0x4e000000"), "/chosen/module@0x49000000", "reg",
                    {0x50000000, 0x2000});
  const Scanned tree{blob};
  ASSERT_EQ(tree.info.chosen.modules.size(), 1U);
  EXPECT_EQ(tree.info.chosen.modules[0].range, range(0x50000000, 0x2000));
}

TEST(Scan, learns_the_board) {
  const Scanned tree{load("board")};
  ASSERT_TRUE(tree.result) << describe(tree.result.error());
  const PlatformInfo& info = tree.info;
  EXPECT_EQ(ranges_of(info.ram.ranges()), (std::vector{range(0x80000000, 0x50000000), range(0x880000000, 0x40000000)}))
      << "merged, whole pages only, without the secure world's";
  ASSERT_EQ(info.reserved.size(), 3U);
  EXPECT_EQ(info.reserved[0].range, range(0x80000000, 0x10000));
  EXPECT_EQ(info.reserved[1].range, range(0x9e000000, 0x1000000));
  EXPECT_TRUE(info.reserved[1].no_map);
  EXPECT_EQ(info.reserved[2].range, range(0x9f000000, 0x10000));
  EXPECT_FALSE(info.reserved[2].no_map);
  EXPECT_EQ((std::vector<std::uint64_t>{info.mpidrs.begin(), info.mpidrs.end()}),
            (std::vector<std::uint64_t>{0, 0x100, 0x100000200}));
  EXPECT_EQ(ranges_of(info.gic.redistributors), (std::vector{range(0x30100000, 0x100000), range(0x31000000, 0x80000)}));
  EXPECT_EQ(info.gic.redistributor_stride, 0x40000U);
  EXPECT_EQ(info.gic.interrupt_cells, 4U);
  EXPECT_EQ(info.timer.phys, 30U);
  EXPECT_EQ(info.timer.sec_phys, 29U);
  EXPECT_EQ(info.timer.virt, 27U);
  EXPECT_EQ(info.timer.hyp_phys, 26U);
  EXPECT_EQ(info.console, range(0x50001000, 0x1000)) << "by alias, through two buses";
  EXPECT_EQ(info.chosen.initrd, range(0x88000000, 0x100000)) << "32-bit initrd addresses";
}

TEST(Scan, refuses_a_machine_it_cannot_run_a_host_on) {
  const Blob good = load("qemu_virt");
  EXPECT_EQ(error_of(without_node(good, "/memory@40000000")), FdtError::NO_MEMORY_NODE);
  EXPECT_EQ(error_of(with_cells(good, "/memory@40000000", "reg", {0x10000, 0, 0, 0x1000})), FdtError::BAD_ADDRESS);
  EXPECT_EQ(error_of(without_node(good, "/cpus")), FdtError::NO_CPU);
  EXPECT_EQ(error_of(without_node(good, "/intc@8000000")), FdtError::NO_GIC);
  EXPECT_EQ(error_of(with_cells(good, "/intc@8000000", "#interrupt-cells", {1})), FdtError::NO_GIC);
  EXPECT_EQ(error_of(with_cells(good, "/intc@8000000", "#redistributor-regions", {0xffffffff})), FdtError::TOO_MANY);
  EXPECT_EQ(error_of(with_cells(good, "/intc@8000000", "#redistributor-regions", {2})), FdtError::NO_GIC);
  Blob two_gics = with_text(with_node(good, "/", "gic"), "/gic", "compatible", "arm,gic-v3");
  two_gics = with_cells(with_cells(two_gics, "/gic", "#interrupt-cells", {3}), "/gic", "reg",
                        {0, 0x20000000, 0, 0x10000, 0, 0x20100000, 0, 0x20000});
  EXPECT_EQ(error_of(two_gics), FdtError::NO_GIC);
  EXPECT_EQ(error_of(without_node(good, "/psci")), FdtError::NO_PSCI);
  EXPECT_EQ(error_of(with_text(good, "/psci", "method", "hvc")), FdtError::NO_PSCI);
  EXPECT_EQ(error_of(with_text(good, "/psci", "compatible", "arm,psci")), FdtError::NO_PSCI);
  EXPECT_EQ(error_of(without_node(good, "/timer")), FdtError::NO_TIMER);
  EXPECT_EQ(error_of(with_cells(good, "/timer", "interrupts", {1, 13, 4})), FdtError::NO_TIMER);
}

TEST(Scan, refuses_what_el2_has_no_address_for) {
  const Blob good = load("qemu_virt");
  const auto ram = [&](std::uint32_t high, std::uint32_t bytes) {
    return error_of(with_cells(good, "/memory@40000000", "reg", {high, 0, 0, bytes}));
  };
  EXPECT_EQ(ram(0x1fff, 0x4000'0000), std::nullopt);
  EXPECT_EQ(ram(0x2000, 0x1000), FdtError::TOO_HIGH) << "its linear address would be the image's";
  EXPECT_EQ(ram(0x4000, 0x4000'0000), FdtError::TOO_HIGH);
  const auto gic = [&](std::uint32_t high) {
    return error_of(
        with_cells(good, "/intc@8000000", "reg", {high, 0x8000000, 0, 0x10000, high, 0x80a0000, 0, 0xf60000}));
  };
  EXPECT_EQ(gic(0x9fff), std::nullopt);
  EXPECT_EQ(gic(0xa000), FdtError::TOO_HIGH);
  EXPECT_EQ(error_of(with_cells(good, "/pl011@9000000", "reg", {0xa000, 0, 0, 0x1000})), FdtError::TOO_HIGH);
}

TEST(Scan, refuses_more_memory_ranges_or_reservations_than_it_can_hold) {
  std::vector<std::uint32_t> memory;
  for (std::uint32_t i = 0; i < kMaxRamRanges + 1; ++i)
    memory.insert(memory.end(), {0, 0x40000000 + i * 0x200000, 0, 0x100000});
  EXPECT_EQ(error_of(with_cells(load("qemu_virt"), "/memory@40000000", "reg", memory)), FdtError::TOO_MANY);
  memory.resize(4 * kMaxRamRanges);
  EXPECT_EQ(error_of(with_cells(load("qemu_virt"), "/memory@40000000", "reg", memory)), std::nullopt);

  std::vector<std::uint32_t> reserved;
  for (std::uint32_t i = 0; i < kMaxReserved; ++i)
    reserved.insert(reserved.end(), {0, 0x90000000 + i * 0x2000, 0, 0x1000});
  EXPECT_EQ(error_of(with_cells(load("board"), "/reserved-memory/tee@9e000000", "reg", reserved)), FdtError::TOO_MANY);
}

TEST(Scan, skips_an_empty_reservation_and_refuses_one_that_wraps) {
  Blob blob = load("board");
  std::fill_n(blob.begin() + 48, 8, std::byte{0});  // the size of the only entry, right behind the header
  EXPECT_EQ(error_of(blob), std::nullopt);
  EXPECT_EQ(Scanned{blob}.info.reserved.size(), 2U);
  std::fill_n(blob.begin() + 48, 8, std::byte{0xff});
  EXPECT_EQ(error_of(blob), FdtError::BAD_ADDRESS);
}

TEST(Scan, counts_cpus_beyond_the_list) {
  Blob blob = load("qemu_virt");
  for (int i = 0; i < 20; ++i) {
    const std::string name = "cpu@" + std::to_string(100 + i);
    const std::string path = "/cpus/" + name;
    blob = with_node(blob, "/cpus", name.c_str());
    blob = with_cells(with_text(blob, path.c_str(), "device_type", "cpu"), path.c_str(), "reg", {100});
  }
  const Scanned tree{blob};
  EXPECT_EQ(tree.info.cpu_nodes, 24U);
  EXPECT_EQ(tree.info.mpidrs.size(), kMaxCpus);
}

TEST(GicrFrames, alternate_between_trapped_and_mapped) {
  const PaRange region = range(0x80a0000, 0xf60000);
  EXPECT_EQ(gicr_count(region, kGicrStride), 123U);
  EXPECT_EQ(gicr_count(region, 0), 0U);
  const GicrFrames second = gicr_frames(region, kGicrStride, 1);
  EXPECT_EQ(second.rd_base, range(0x80c0000, 0x10000));
  EXPECT_EQ(second.sgi_base, range(0x80d0000, 0x10000));
  EXPECT_EQ(gicr_frames(region, kGicrStrideVlpi, 2).rd_base, range(0x8120000, 0x10000));
}

}  // namespace
}  // namespace redoubt::hyp::fdt::test
