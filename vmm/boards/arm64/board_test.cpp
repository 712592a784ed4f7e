// SPDX-License-Identifier: Apache-2.0
// Layout, command line, device tree and loader.
#include <gtest/gtest.h>
#include <libfdt.h>

#include <array>
#include <cstring>
#include <string>

#include "vmm/boards/arm64/bootargs.hpp"
#include "vmm/boards/arm64/device_tree.hpp"
#include "vmm/boards/arm64/layout.hpp"
#include "vmm/loader/kernel_image.hpp"
#include "vmm/vm/failure.hpp"

namespace redoubt::vmm::arm64 {
namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

TEST(Layout, IpaBitsFitRamAndTheAliasHalf) {
  EXPECT_EQ(choose_ipa_bits(256 * kMiB, false, 48), 33u);
  EXPECT_EQ(choose_ipa_bits(256 * kMiB, true, 48), 33u);
  EXPECT_EQ(choose_ipa_bits(3 * kGiB, true, 48), 33u);
  EXPECT_EQ(choose_ipa_bits(3 * kGiB + kMiB, true, 48), 34u);
  EXPECT_EQ(choose_ipa_bits(15 * kGiB, false, 48), 34u);
  EXPECT_EQ(choose_ipa_bits(15 * kGiB, true, 48), 35u);
  EXPECT_EQ(choose_ipa_bits(kGiB, false, 0), 40u) << "KVM without the capability has 40";
  EXPECT_THROW(static_cast<void>(choose_ipa_bits(64 * kGiB, false, 36)), Failure);
  EXPECT_THROW(static_cast<void>(choose_ipa_bits(31 * kGiB + kMiB, true, 36)), Failure);
}

TEST(Layout, BootFilesDoNotOverlapAndFit) {
  const KernelImage kernel{.text_offset = 0, .memory_bytes = 40 * kMiB + 5};
  const BootPlacement at = place_boot_files(kernel, 3 * kMiB, 64 * kMiB);
  EXPECT_EQ(at.kernel, kRam);
  EXPECT_EQ(at.initrd.value(), kRam.value() + 42 * kMiB);
  EXPECT_EQ(at.dtb.value(), kRam.value() + 46 * kMiB);
  EXPECT_THROW(static_cast<void>(place_boot_files(kernel, 3 * kMiB, 46 * kMiB)), Failure);
}

TEST(Bootargs, AddsWhatIsMissingOnly) {
  EXPECT_EQ(complete_bootargs("", 256 * kMiB, false), "console=ttyAMA0 panic=-1");
  EXPECT_EQ(complete_bootargs("quiet console=hvc0", 256 * kMiB, false), "panic=-1 quiet console=hvc0");
  EXPECT_EQ(complete_bootargs("x", 256 * kMiB, true), "console=ttyAMA0 panic=-1 swiotlb=8192 x");
  EXPECT_EQ(complete_bootargs("swiotlb=1 panic=5 console=ttyAMA0", kGiB, true), "swiotlb=1 panic=5 console=ttyAMA0");
  EXPECT_EQ(complete_bootargs("", 32 * kMiB, true), "console=ttyAMA0 panic=-1 swiotlb=4096") << "a quarter of RAM";
  EXPECT_EQ(complete_bootargs("", 8 * kGiB, true), "console=ttyAMA0 panic=-1 swiotlb=32768") << "64 MiB at most";
}

TEST(Bootargs, TheLastConsoleReadsTheKeyboard) {
  EXPECT_TRUE(input_is_virtio("console=ttyAMA0 console=hvc0 quiet"));
  EXPECT_FALSE(input_is_virtio("console=hvc0 console=ttyAMA0"));
  EXPECT_FALSE(input_is_virtio("quiet"));
}

[[nodiscard]] auto text_at(const std::vector<std::byte>& dtb, const char* path, const char* name) -> std::string {
  int length = 0;
  const int node = fdt_path_offset(dtb.data(), path);
  const auto* value = static_cast<const char*>(fdt_getprop(dtb.data(), node, name, &length));
  return value == nullptr ? "(absent)" : std::string(value);
}

TEST(DeviceTree, TellsTheGuestWhereEverythingIs) {
  DeviceTreeInput input;
  input.bootargs = "quiet";
  input.ram_bytes = kGiB;
  input.cpu_affinities = {0, 1, 0x100};
  input.virtio_devices = 2;
  input.pmu = true;
  input.initrd = DeviceTreeInput::Initrd{Ipa{0x44000000}, 0x1234};
  input.seed.assign(kSeedBytes, std::byte{7});
  const auto dtb = build_device_tree(input);
  ASSERT_EQ(fdt_check_full(dtb.data(), dtb.size()), 0);
  EXPECT_EQ(text_at(dtb, "/chosen", "bootargs"), "quiet");
  EXPECT_EQ(text_at(dtb, "/psci", "method"), "hvc");
  EXPECT_NE(text_at(dtb, "/chosen", "rng-seed"), "(absent)");
  EXPECT_EQ(text_at(dtb, "/virtio_mmio@a000200", "compatible"), "virtio,mmio");
  EXPECT_LT(fdt_path_offset(dtb.data(), "/virtio_mmio@a000400"), 0);
  EXPECT_GE(fdt_path_offset(dtb.data(), "/cpus/cpu@100"), 0);
  EXPECT_GE(fdt_path_offset(dtb.data(), "/pmu"), 0);
  int length = 0;
  const auto* reg = static_cast<const fdt64_t*>(
      fdt_getprop(dtb.data(), fdt_path_offset(dtb.data(), "/memory@40000000"), "reg", &length));
  ASSERT_EQ(length, 16);
  EXPECT_EQ(fdt64_to_cpu(reg[0]), 0x40000000u);
  EXPECT_EQ(fdt64_to_cpu(reg[1]), kGiB);
}

TEST(DeviceTree, ProtectedGuestsUseSmcAndGetNoSeed) {
  DeviceTreeInput input;
  input.cpu_affinities = {0};
  input.psci_by_smc = true;
  const auto dtb = build_device_tree(input);
  EXPECT_EQ(text_at(dtb, "/psci", "method"), "smc");
  EXPECT_EQ(text_at(dtb, "/chosen", "rng-seed"), "(absent)");
  EXPECT_EQ(text_at(dtb, "/chosen", "kaslr-seed"), "(absent)");
  EXPECT_LT(fdt_path_offset(dtb.data(), "/pmu"), 0);
}

TEST(DeviceTree, AnEndlessCommandLineIsAnError) {
  DeviceTreeInput input;
  input.cpu_affinities = {0};
  input.bootargs.assign(kMaxDtbBytes, 'x');
  EXPECT_THROW(static_cast<void>(build_device_tree(input)), Failure);
}

using Header = std::array<std::byte, kImageHeaderBytes>;

[[nodiscard]] auto image_header(std::uint64_t text_offset, std::uint64_t size, std::uint64_t flags) -> Header {
  Header header{};
  std::memcpy(&header[8], &text_offset, 8);
  std::memcpy(&header[16], &size, 8);
  std::memcpy(&header[24], &flags, 8);
  std::memcpy(&header[56], "ARM\x64", 4);
  return header;
}

void expect_refused(std::span<const std::byte> header, const std::string& part, std::uint64_t file_bytes = 1 << 20) {
  try {
    static_cast<void>(parse_kernel_image(header, file_bytes));
    ADD_FAILURE() << "accepted; expected: " << part;
  } catch (const Failure& failure) {
    EXPECT_NE(std::string(failure.what()).find(part), std::string::npos) << failure.what();
  }
}

TEST(KernelImage, GoodHeadersGiveTheirSize) {
  EXPECT_EQ(parse_kernel_image(image_header(0, 0x300000, 0xa), 0x200000).memory_bytes, 0x300000u);
  EXPECT_EQ(parse_kernel_image(image_header(0x80000, 0x100000, 0), 0x200000).memory_bytes, 0x200000u);
  EXPECT_EQ(parse_kernel_image(image_header(0x80000, 0x100000, 0), 0x200000).text_offset, 0x80000u);
}

TEST(KernelImage, BadHeadersAreExplained) {
  expect_refused(Header{}, "not an arm64 Linux Image");
  const Header good = image_header(0, 1, 0);
  expect_refused(std::span{good}.first(63), "not an arm64 Linux Image");
  expect_refused({}, "not an arm64 Linux Image");
  expect_refused(image_header(0, 0, 0), "older than Linux 3.17");
  expect_refused(image_header(0, 1 << 20, 1), "big-endian");
  expect_refused(image_header(0x200000, 1 << 20, 0), "damaged");
  expect_refused(image_header(7, 1 << 20, 0), "damaged");
  expect_refused(image_header(0, ~std::uint64_t{0}, 0), "damaged");
  expect_refused(image_header(0, 1 << 20, 0), "damaged", ~std::uint64_t{0});
  Header gzip{};
  std::memcpy(gzip.data(), "\x1f\x8b\x08", 3);
  expect_refused(gzip, "gzip");
  Header zboot{};
  std::memcpy(zboot.data(), "MZ\0\0zimg", 8);
  expect_refused(zboot, "zboot");
  Header elf{};
  std::memcpy(elf.data(),
              "\x7f"
              "ELF",
              4);
  expect_refused(elf, "ELF");
}

}  // namespace
}  // namespace redoubt::vmm::arm64
