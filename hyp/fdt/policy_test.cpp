// SPDX-License-Identifier: Apache-2.0
#include "hyp/fdt/policy.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>

#include "hyp/fdt/lookup.hpp"
#include "hyp/fdt/test_tree.hpp"

namespace redoubt::hyp::fdt::test {
namespace {

auto log_of(const Scanned& tree, const Policy& policy) -> std::map<std::string, std::pair<Reason, std::uint32_t>> {
  RemovedLog log;
  list_removed(tree.reader, policy, log);
  EXPECT_EQ(log.unlisted, 0U);
  std::map<std::string, std::pair<Reason, std::uint32_t>> result;
  for (const RemovedNodes& entry : log.entries) result[std::string{entry.name}] = {entry.reason, entry.count};
  return result;
}

TEST(Policy, strict_removes_every_master_of_the_qemu_machine) {
  const std::map<std::string, std::pair<Reason, std::uint32_t>> expected{
      {"platform-bus@c000000", {Reason::DMA, 1}},
      {"fw-cfg@9020000", {Reason::DMA, 1}},
      {"virtio_mmio@a000000", {Reason::DMA, 32}},
      {"pcie@10000000", {Reason::DMA, 1}},
      {"smmuv3@9050000", {Reason::DMA, 1}},
      {"its@8080000", {Reason::ITS, 1}},
      {"flash@0", {Reason::FLASH, 1}},
  };
  EXPECT_EQ(log_of(Scanned{load("qemu_smmu")}, {}), expected);
}

TEST(Policy, open_still_removes_the_its_and_the_firmware) {
  const std::map<std::string, std::pair<Reason, std::uint32_t>> expected{{"its@8080000", {Reason::ITS, 1}},
                                                                         {"flash@0", {Reason::FLASH, 1}}};
  EXPECT_EQ(log_of(Scanned{load("qemu_smmu")}, {.dma = Dma::OPEN, .private_uart = {}}), expected);
}

// QEMU's PCI bridge with another iommu-map, judged with the SMMU at hand.
auto pci_is_kept(std::vector<std::uint32_t> cells) -> bool {
  constexpr std::array<std::uint32_t, 1> kOwn{0x8005};
  Blob value;
  for (const std::uint32_t cell : cells) {
    for (unsigned shift = 32; shift > 0; shift -= 8) value.push_back(static_cast<std::byte>(cell >> (shift - 8)));
  }
  const Scanned tree{with_property(load("qemu_smmu"), "/pcie@10000000", "iommu-map", value)};
  return judge(*find_path(tree.reader, "/pcie@10000000"), {.private_uart = {}, .smmus = kOwn}).kept;
}

TEST(Policy, strict_keeps_pci_behind_an_smmu_of_el2s) {
  EXPECT_TRUE(pci_is_kept({0, 0x8005, 0, 0x10000}));
  EXPECT_TRUE(pci_is_kept({0, 0x8005, 0, 0x100, 0x100, 0x8005, 0x100, 0xff00}));
  EXPECT_FALSE(pci_is_kept({})) << "no requester is";
  EXPECT_FALSE(pci_is_kept({0, 0x8004, 0, 0x10000})) << "somebody else's";
  EXPECT_FALSE(pci_is_kept({0, 0, 0, 0x10000})) << "phandle 0 is nobody's";
  EXPECT_FALSE(pci_is_kept({0, 0x8005, 0, 0xffff})) << "one requester is not";
  EXPECT_FALSE(pci_is_kept({8, 0x8005, 0, 0xfff8})) << "the first are not";
  EXPECT_FALSE(pci_is_kept({0, 0x8005, 0, 0x100, 0x200, 0x8005, 0x100, 0xfe00})) << "a hole";
  EXPECT_FALSE(pci_is_kept({0, 0x8005, 0, 0x8000, 0x8000, 0x8004, 0x8000, 0x8000})) << "half of them";
  EXPECT_FALSE(pci_is_kept({0, 0x8005, 0, 0x10000, 0})) << "malformed";
}

TEST(Policy, strict_without_the_smmu_and_with_a_mask_keeps_no_pci) {
  const Scanned tree{load("qemu_smmu")};
  EXPECT_FALSE(judge(*find_path(tree.reader, "/pcie@10000000"), {}).kept);
  constexpr std::array<std::uint32_t, 1> kOwn{0x8005};
  const std::array<std::byte, 4> mask{};
  const Scanned masked{with_property(load("qemu_smmu"), "/pcie@10000000", "iommu-map-mask", mask)};
  EXPECT_FALSE(judge(*find_path(masked.reader, "/pcie@10000000"), {.private_uart = {}, .smmus = kOwn}).kept);
  const auto smmu = judge(*find_path(tree.reader, "/smmuv3@9050000"), {.private_uart = {}, .smmus = kOwn});
  EXPECT_FALSE(smmu.kept) << "the host must not touch it";
  EXPECT_EQ(smmu.reason, Reason::PRIVATE);
}

TEST(Policy, strict_denies_by_default_on_the_board) {
  const std::map<std::string, std::pair<Reason, std::uint32_t>> expected{
      {"framebuffer@90000000", {Reason::NOT_LISTED, 1}},
      {"optee", {Reason::NOT_LISTED, 1}},
      {"msi-controller@40000", {Reason::ITS, 1}},
      {"iommu@21000000", {Reason::DMA, 1}},
      {"dma@22000000", {Reason::DMA, 1}},
      {"disguised@23000000", {Reason::NOT_LISTED, 1}},
      {"derived@23100000", {Reason::NOT_LISTED, 1}},
      {"unnamed@23200000", {Reason::NOT_LISTED, 1}},
      {"ethernet@24000000", {Reason::NOT_LISTED, 1}},
      {"flash@25000000", {Reason::FLASH, 1}},
      {"watchdog@26000800", {Reason::NOT_LISTED, 1}},
  };
  EXPECT_EQ(log_of(Scanned{load("board")}, {}), expected);
}

TEST(Policy, keeps_the_uart_of_its_own_log_from_the_host) {
  const Scanned tree{load("board")};
  const auto log = log_of(tree, {.dma = Dma::STRICT, .private_uart = Pa{0x50002000}});
  ASSERT_TRUE(log.contains("serial@2000"));
  EXPECT_EQ(log.at("serial@2000").first, Reason::PRIVATE);
  EXPECT_FALSE(log.contains("serial@1000"));
}

TEST(Policy, judges_a_whole_subtree_by_its_top) {
  const Scanned tree{load("qemu_smmu")};
  const Blob blob = with_node(with_node(tree.blob, "/platform-bus@c000000", "uart"), "/platform-bus@c000000/uart", "x");
  const Scanned nested{with_text(blob, "/platform-bus@c000000/uart", "compatible", "arm,pl011")};
  const Verdict verdict = judge(*find_path(nested.reader, "/platform-bus@c000000/uart/x"), {});
  EXPECT_FALSE(verdict.kept);
  EXPECT_EQ(verdict.depth, 1U);
  EXPECT_EQ(verdict.reason, Reason::DMA);
}

TEST(Policy, does_not_take_a_name_from_an_unterminated_list) {
  const std::string name = "arm,pl031";
  const Scanned tree{with_property(load("qemu_virt"), "/pl031@9010000", "compatible", std::as_bytes(std::span{name}))};
  EXPECT_FALSE(judge(*find_path(tree.reader, "/pl031@9010000"), {}).kept);
}

TEST(Policy, counts_what_the_log_has_no_room_for) {
  Blob blob = load("qemu_virt");
  for (std::size_t i = 0; i < 40; ++i) {
    const std::string name = "dev" + std::to_string(i);
    blob = with_node(blob, "/", name.c_str());
    blob = with_text(blob, ("/" + name).c_str(), "compatible", "vendor," + name);
  }
  const Scanned tree{blob};
  RemovedLog log;
  list_removed(tree.reader, {}, log);
  EXPECT_EQ(log.entries.size(), kMaxRemoved);
  EXPECT_EQ(log.entries.size() + log.unlisted, 40U + 5U + 32U) << "the 32 virtio slots come last and are no entry";
}

}  // namespace
}  // namespace redoubt::hyp::fdt::test
