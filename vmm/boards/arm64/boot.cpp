// SPDX-License-Identifier: Apache-2.0
#include "vmm/boards/arm64/boot.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "vmm/loader/input_file.hpp"
#include "vmm/loader/kernel_image.hpp"
#include "vmm/vm/failure.hpp"

namespace redoubt::vmm::arm64 {
namespace {

[[nodiscard]] auto ram_at(const GuestMemory& memory, Ipa address, std::uint64_t bytes) -> std::span<std::byte> {
  const auto range = memory.host_range(address, bytes);
  if (!range) fail("internal error: boot files were placed outside of RAM ({:#x})", address.value());
  return *range;
}

[[nodiscard]] auto read_header(const InputFile& file) -> KernelImage {
  std::array<std::byte, kImageHeaderBytes> header{};
  const auto part = std::span{header}.first(std::min<std::uint64_t>(header.size(), file.size()));
  file.read(0, part);
  return parse_kernel_image(part, file.size());
}

[[nodiscard]] auto random_seed() -> std::vector<std::byte> {
  std::vector<std::byte> seed(kSeedBytes);
  // At most 256 bytes: never partial (getrandom(2)).
  if (::getrandom(seed.data(), seed.size(), 0) != static_cast<ssize_t>(seed.size())) {
    fail("getrandom: {}", errno_text(errno));
  }
  return seed;
}

}  // namespace

auto load_boot_files(const MachineConfig& config, const std::string& bootargs, BootHardware hardware,
                     const GuestMemory& memory) -> BootEntry {
  const InputFile kernel("kernel", config.kernel);
  std::optional<InputFile> initrd;
  if (!config.initrd.empty()) initrd.emplace("initrd", config.initrd);
  const BootPlacement at = place_boot_files(read_header(kernel), initrd ? initrd->size() : 0, config.memory_bytes);

  kernel.read(0, ram_at(memory, at.kernel, kernel.size()));
  DeviceTreeInput tree;
  tree.bootargs = bootargs;
  tree.ram_bytes = config.memory_bytes;
  tree.cpu_affinities = std::move(hardware.cpu_affinities);
  tree.psci_by_smc = config.is_protected;
  tree.virtio_devices = hardware.virtio_devices;
  tree.pmu = hardware.pmu;
  if (initrd) {
    initrd->read(0, ram_at(memory, at.initrd, initrd->size()));
    tree.initrd = DeviceTreeInput::Initrd{at.initrd, initrd->size()};
  }
  if (!config.is_protected) tree.seed = random_seed();
  const std::vector<std::byte> dtb = build_device_tree(tree);
  std::ranges::copy(dtb, ram_at(memory, at.dtb, dtb.size()).begin());
  return BootEntry{at.kernel, at.dtb};
}

}  // namespace redoubt::vmm::arm64
