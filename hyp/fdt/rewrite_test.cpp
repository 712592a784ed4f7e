// SPDX-License-Identifier: Apache-2.0
#include "hyp/fdt/rewrite.hpp"

#include <gtest/gtest.h>
#include <libfdt.h>

#include <algorithm>

#include "hyp/fdt/test_tree.hpp"

namespace redoubt::hyp::fdt::test {
namespace {

using std::string_literals::operator""s;

constexpr Policy kOpen{.dma = Dma::OPEN, .private_uart = {}};

auto check_full(const Blob& blob) -> int { return fdt_check_full(blob.data(), blob.size()); }

TEST(Rewrite, gives_a_tree_that_libfdt_accepts_and_that_is_a_fixed_point) {
  for (const char* name : kTrees) {
    for (const Policy& policy : {Policy{}, kOpen}) {
      const Scanned tree{load(name)};
      const Blob once = rewritten(tree, policy, full_edits());
      EXPECT_EQ(check_full(once), 0) << name;
      const Scanned again{once};
      ASSERT_TRUE(again.result) << name << ": " << describe(again.result.error());
      EXPECT_EQ(rewritten(again, policy, full_edits()), once) << name;
    }
  }
}

// Behind the last string that a property refers to may lie the beginning of one. What is added must not become part of it.
TEST(Rewrite, is_a_fixed_point_if_the_strings_block_ends_in_an_open_string) {
  Blob blob = load("qemu_virt");
  const auto grow = [&blob](std::size_t field, std::uint32_t by) {
    const auto grown = static_cast<std::uint32_t>(read_cells(blob, field, 1)) + by;
    for (std::size_t i = 0; i < 4; ++i) blob[field + i] = std::byte(grown >> (24 - 8 * i));
  };
  constexpr std::string_view kTail = "clock-ou";
  for (const char c : kTail) blob.push_back(std::byte(c));
  grow(4, kTail.size());   // totalsize
  grow(32, kTail.size());  // size_dt_strings: the block is the last one
  const Blob once = rewritten(Scanned{blob}, {}, full_edits());
  EXPECT_EQ(rewritten(Scanned{once}, {}, full_edits()), once);
  EXPECT_EQ(raw(once, "/redoubt", "redoubt,version"), std::string("1.0", 4));
}

TEST(Rewrite, leaves_only_what_is_harmless_of_the_qemu_machine) {
  const Blob out = rewritten(Scanned{load("qemu_smmu")}, {}, full_edits());
  const std::vector<std::string> expected{"/",
                                          "/memory@44000000",
                                          "/redoubt",
                                          "/psci",
                                          "/gpio-keys",
                                          "/gpio-keys/poweroff",
                                          "/pl061@9030000",
                                          "/pl031@9010000",
                                          "/pl011@9000000",
                                          "/pmu",
                                          "/intc@8000000",
                                          "/cpus",
                                          "/cpus/cpu-map",
                                          "/cpus/cpu-map/socket0",
                                          "/cpus/cpu-map/socket0/cluster0",
                                          "/cpus/cpu-map/socket0/cluster0/core0",
                                          "/cpus/cpu-map/socket0/cluster0/core1",
                                          "/cpus/cpu@0",
                                          "/cpus/cpu@1",
                                          "/timer",
                                          "/apb-pclk",
                                          "/aliases",
                                          "/chosen"};
  EXPECT_EQ(paths(out), expected);
}

// Every property that is not one of the edits is the same, byte for byte, and in its node.
TEST(Rewrite, copies_everything_else_unchanged) {
  for (const char* name : kTrees) {
    const Scanned tree{load(name)};
    const Blob out = rewritten(tree, {}, full_edits());
    for (const std::string& path : paths(out)) {
      if (path == "/redoubt" || path == "/memory@44000000") continue;
      const int node = fdt_path_offset(tree.blob.data(), path.c_str());
      ASSERT_GE(node, 0) << path << " is new";
      for (int p = fdt_first_property_offset(tree.blob.data(), node); p >= 0;
           p = fdt_next_property_offset(tree.blob.data(), p)) {
        const char* property = nullptr;
        ASSERT_NE(fdt_getprop_by_offset(tree.blob.data(), p, &property, nullptr), nullptr);
        const std::string key = path + ":" + property;
        const std::vector<std::string> edited{"/timer:interrupts",        "/timer:interrupt-names",
                                              "/chosen:bootargs",         "/chosen:rng-seed",
                                              "/chosen:kaslr-seed",       "/chosen:linux,initrd-start",
                                              "/chosen:linux,initrd-end", "/soc/apb@40000000/serial@1000:dmas"};
        if (std::ranges::find(edited, key) != edited.end()) continue;
        EXPECT_EQ(raw(out, path.c_str(), property), raw(tree.blob, path.c_str(), property)) << name << " " << key;
      }
    }
  }
}

TEST(Rewrite, takes_the_virtual_timer_from_the_host) {
  const Blob qemu = rewritten(Scanned{load("qemu_virt")}, {}, full_edits());
  EXPECT_EQ(cells(qemu, "/timer", "interrupts"), (std::vector<std::uint32_t>{1, 13, 4, 1, 14, 4, 1, 10, 4}));
  EXPECT_EQ(raw(qemu, "/timer", "interrupt-names"), "sec-phys\0phys\0hyp-phys\0"s);
  EXPECT_EQ(raw(qemu, "/timer", "always-on"), "");
  const Blob board = rewritten(Scanned{load("board")}, {}, full_edits());
  EXPECT_EQ(cells(board, "/timer", "interrupts"), (std::vector<std::uint32_t>{1, 13, 4, 0, 1, 14, 4, 0, 1, 10, 4, 0}));
  EXPECT_EQ(raw(board, "/timer", "interrupt-names"), "sec-phys\0phys\0hyp-phys\0"s);
  EXPECT_EQ(raw(board, "/timer", "arm,no-tick-in-suspend"), "");
}

// Linux prefers interrupts-extended, which would bring the virtual timer back.
TEST(Rewrite, leaves_no_second_list_of_timer_interrupts) {
  const Scanned tree{with_cells(load("qemu_virt"), "/timer", "interrupts-extended", {0x8003, 1, 11, 4})};
  EXPECT_EQ(raw(rewritten(tree, {}, full_edits()), "/timer", "interrupts-extended"), "<none>");
}

TEST(Rewrite, leaves_one_memory_node_with_the_given_ranges) {
  for (const char* name : kTrees) {
    const Blob out = rewritten(Scanned{load(name)}, {}, full_edits());
    int nodes = 0;
    for (const std::string& path : paths(out)) nodes += raw(out, path.c_str(), "device_type") == "memory\0"s ? 1 : 0;
    EXPECT_EQ(nodes, 1) << name;
    EXPECT_EQ(cells(out, "/memory@44000000", "reg"),
              (std::vector<std::uint32_t>{0, 0x44000000, 0, 0x3c000000, 0, 0xc0000000, 0, 0x10000000}));
  }
}

TEST(Rewrite, keeps_memory_reservations) {
  const Blob out = rewritten(Scanned{load("board")}, {}, full_edits());
  std::uint64_t base = 0;
  std::uint64_t bytes = 0;
  ASSERT_EQ(fdt_num_mem_rsv(out.data()), 1);
  ASSERT_EQ(fdt_get_mem_rsv(out.data(), 0, &base, &bytes), 0);
  EXPECT_EQ(base, 0x80000000U);
  EXPECT_EQ(bytes, 0x10000U);
}

TEST(Rewrite, replaces_seeds_and_sets_what_is_given_in_chosen) {
  const Scanned tree{load("qemu_modules")};
  const Blob out = rewritten(tree, {}, full_edits());
  EXPECT_EQ(raw(out, "/chosen", "rng-seed").substr(0, 3), "\x11\x22\0"s);
  EXPECT_EQ(raw(out, "/chosen", "rng-seed").size(), 32U);
  EXPECT_EQ(cells(out, "/chosen", "kaslr-seed"), (std::vector<std::uint32_t>{0x33000000, 0}));
  EXPECT_EQ(cells(out, "/chosen", "linux,initrd-start"), (std::vector<std::uint32_t>{0, 0x48000000}));
  EXPECT_EQ(cells(out, "/chosen", "linux,initrd-end"), (std::vector<std::uint32_t>{0, 0x49234567}));
  EXPECT_EQ(raw(out, "/chosen", "bootargs"), "console=ttyAMA0 quiet\0"s);
  EXPECT_FALSE(has_node(out, "/chosen/module@0x49000000")) << "consumed";

  // The old seed is nowhere in the output, not even as garbage.
  const std::string old = raw(tree.blob, "/chosen", "rng-seed");
  const auto haystack = std::string(reinterpret_cast<const char*>(out.data()), out.size());
  EXPECT_EQ(haystack.find(old), std::string::npos);
}

TEST(Rewrite, without_fresh_seeds_passes_none_on_and_leaves_the_rest_of_chosen) {
  const PaRange ram = range(0x40000000, 0x10000000);
  HostEdits edits{};
  edits.ram = {&ram, 1};
  const Blob out = rewritten(Scanned{load("qemu_modules")}, {}, edits);
  EXPECT_EQ(raw(out, "/chosen", "rng-seed"), "<none>");
  EXPECT_EQ(raw(out, "/chosen", "kaslr-seed"), "<none>");
  EXPECT_EQ(raw(out, "/chosen", "linux,initrd-start"), "<none>");
  EXPECT_EQ(raw(out, "/chosen", "bootargs"), "console=ttyAMA0 quiet\0"s);
  EXPECT_EQ(raw(out, "/chosen", "stdout-path"), "/pl011@9000000\0"s);
}

TEST(Rewrite, makes_chosen_when_there_is_none) {
  const Scanned tree{without_node(load("qemu_virt"), "/chosen")};
  const Blob out = rewritten(tree, {}, full_edits());
  EXPECT_EQ(raw(out, "/chosen", "bootargs"), "console=ttyAMA0 quiet\0"s);
  const Scanned again{out};
  EXPECT_EQ(rewritten(again, {}, full_edits()), out);
}

// Linux reads /chosen@0 too: a seed left there would be one that EL2 has used and the host knows.
TEST(Rewrite, replaces_the_seeds_of_chosen_with_a_unit_address) {
  Blob blob = with_node(without_node(load("qemu_virt"), "/chosen"), "/", "chosen@0");
  blob = with_cells(blob, "/chosen@0", "rng-seed", {0xdeadbeef, 0xfeedface});
  const Scanned tree{blob};
  EXPECT_EQ(tree.info.chosen.rng_seed.bytes, 8U);
  const Blob out = rewritten(tree, {}, full_edits());
  EXPECT_EQ(raw(out, "/chosen@0", "rng-seed").size(), 32U);
  const auto text = std::string(reinterpret_cast<const char*>(out.data()), out.size());
  EXPECT_EQ(text.find("\xde\xad\xbe\xef"), std::string::npos);
}

TEST(Rewrite, announces_the_hypervisor) {
  const Blob out = rewritten(Scanned{load("qemu_virt")}, {}, full_edits());
  EXPECT_EQ(raw(out, "/redoubt", "compatible"), "redoubt,hypervisor\0"s);
  EXPECT_EQ(raw(out, "/redoubt", "redoubt,version"), "1.0\0"s);
  EXPECT_EQ(cells(out, "/redoubt", "redoubt,dma-policy"), (std::vector<std::uint32_t>{0}));
  EXPECT_EQ(cells(out, "/redoubt", "redoubt,reserved-bytes"), (std::vector<std::uint32_t>{0x12, 0x3456789a}));
}

TEST(Rewrite, takes_as_many_properties_as_it_says) {
  const Scanned tree{without_node(load("qemu_virt"), "/chosen")};
  std::vector<std::string> names;
  for (std::size_t i = 0; i <= kMaxNodeProperties; ++i) names.push_back("redoubt,p" + std::to_string(i));
  std::vector<NodeProperty> node;
  for (const std::string& name : names) node.push_back(NodeProperty::of_u32(name, 7));
  HostEdits edits = full_edits();
  Blob out(1 << 16);
  edits.node = node;
  EXPECT_EQ(rewrite(tree.reader, tree.info, {}, edits, out).error(), FdtError::BAD_EDIT);
  edits.node = std::span{node}.first(kMaxNodeProperties);
  out = rewritten(tree, {}, edits);
  for (std::size_t i = 0; i < kMaxNodeProperties; ++i) {
    EXPECT_EQ(cells(out, "/redoubt", names[i].c_str()), std::vector<std::uint32_t>{7}) << names[i];
  }
}

TEST(Rewrite, drops_references_to_removed_nodes_only) {
  const Blob open = rewritten(Scanned{load("qemu_smmu")}, kOpen, full_edits());
  EXPECT_EQ(raw(open, "/pcie@10000000", "msi-map"), "<none>") << "the ITS is gone";
  EXPECT_NE(raw(open, "/pcie@10000000", "iommu-map"), "<none>") << "the SMMU is still there";
  EXPECT_NE(raw(open, "/pcie@10000000", "interrupt-map"), "<none>");
  const std::uint32_t its = cells(load("qemu_smmu"), "/pcie@10000000", "msi-map")[1];
  const Scanned dangling{with_cells(load("qemu_smmu"), "/pcie@10000000", "msi-map", {0, 0x7777, 0, 1, 1, its, 0, 1})};
  EXPECT_EQ(raw(rewritten(dangling, kOpen, full_edits()), "/pcie@10000000", "msi-map"), "<none>") << "second entry";
  const Blob board = rewritten(Scanned{load("board")}, {}, full_edits());
  EXPECT_EQ(raw(board, "/soc/apb@40000000/serial@1000", "dmas"), "<none>");
  EXPECT_NE(raw(board, "/soc/apb@40000000/serial@1000", "clocks"), "<none>");
  const Blob open_board = rewritten(Scanned{load("board")}, kOpen, full_edits());
  EXPECT_NE(raw(open_board, "/soc/apb@40000000/serial@1000", "dmas"), "<none>");
  EXPECT_EQ(raw(open_board, "/soc/ethernet@24000000", "msi-parent"), "<none>");
  EXPECT_NE(raw(open_board, "/soc/ethernet@24000000", "iommus"), "<none>");
}

TEST(Rewrite, refuses_ram_it_cannot_write_down) {
  const Scanned tree{load("qemu_virt")};
  Blob out(1 << 16);
  const auto error = [&](std::vector<PaRange> ram) {
    HostEdits edits = full_edits();
    edits.ram = ram;
    const auto result = rewrite(tree.reader, tree.info, {}, edits, out);
    return result ? std::nullopt : std::optional{result.error()};
  };
  EXPECT_EQ(error({}), FdtError::BAD_EDIT);
  EXPECT_EQ(error({range(0x40000800, 0x1000)}), FdtError::BAD_EDIT);
  EXPECT_EQ(error({range(0x40000000, 0x1800)}), FdtError::BAD_EDIT);
  EXPECT_EQ(error({range(0x50000000, 0x1000), range(0x40000000, 0x1000)}), FdtError::BAD_EDIT);
  EXPECT_EQ(error({range(0x40000000, 0)}), FdtError::BAD_EDIT);
  EXPECT_EQ(error(std::vector<PaRange>(kMaxRamRanges + 1, range(0x40000000, 0x1000))), FdtError::BAD_EDIT);
  EXPECT_EQ(error({range(0x40000000, 0x1000)}), std::nullopt);
}

TEST(Rewrite, refuses_ram_that_one_cell_cannot_hold) {
  Blob blob = with_cells(with_cells(load("qemu_virt"), "/", "#address-cells", {1}), "/", "#size-cells", {1});
  const auto reader = Reader::open(blob);
  const PlatformInfo info{};
  Blob out(1 << 16);
  const PaRange high = range(0x100000000, 0x1000);
  HostEdits edits = full_edits();
  edits.ram = {&high, 1};
  EXPECT_EQ(rewrite(*reader, info, {}, edits, out).error(), FdtError::BAD_EDIT);
  const PaRange all = range(0, 0x100000000);
  edits.ram = {&all, 1};
  EXPECT_EQ(rewrite(*reader, info, {}, edits, out).error(), FdtError::BAD_EDIT);
  const PaRange low = range(0xffff0000, 0x10000);
  edits.ram = {&low, 1};
  const auto size = rewrite(*reader, info, {}, edits, out);
  ASSERT_TRUE(size);
  out.resize(*size);
  EXPECT_EQ(cells(out, "/memory@ffff0000", "reg"), (std::vector<std::uint32_t>{0xffff0000, 0x10000}));
}

TEST(Rewrite, reports_a_small_buffer_at_every_size_and_never_writes_beyond_it) {
  const Scanned tree{load("board")};
  const Blob full = rewritten(tree, {}, full_edits());
  for (std::size_t size = 0; size < full.size(); ++size) {
    Blob out(size);  // the sanitizer sees a write beyond
    const auto result = rewrite(tree.reader, tree.info, {}, full_edits(), out);
    ASSERT_FALSE(result) << size;
    ASSERT_EQ(result.error(), FdtError::NO_ROOM) << size;
  }
}

TEST(Rewrite, needs_at_most_1_kib_more_than_the_source_and_the_edits) {
  const HostEdits edits = full_edits();
  std::size_t room = 1024 + edits.rng_seed.size() + edits.kaslr_seed.size() + edits.bootargs->size();
  for (const NodeProperty& property : edits.node) room += 64 + property.name.size() + property.text.size();
  for (const char* name : kTrees) {
    const Scanned tree{load(name)};
    Blob out(tree.blob.size() + room);
    EXPECT_TRUE(rewrite(tree.reader, tree.info, kOpen, edits, out)) << name;
  }
}

}  // namespace
}  // namespace redoubt::hyp::fdt::test
