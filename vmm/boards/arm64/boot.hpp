// SPDX-License-Identifier: Apache-2.0
// Puts kernel, initrd and device tree into guest RAM. Before the first run only: after it, a protected guest's
// memory is out of reach.
#pragma once

#include <string>
#include <vector>

#include "vmm/boards/arm64/device_tree.hpp"
#include "vmm/boards/arm64/layout.hpp"
#include "vmm/vm/config.hpp"
#include "vmm/vm/guest_memory.hpp"

namespace redoubt::vmm::arm64 {

struct BootEntry {
  Ipa kernel;
  Ipa dtb;
};

// What the device tree must tell about the machine that the configuration does not.
struct BootHardware {
  std::vector<std::uint64_t> cpu_affinities;  // boot vCPU first
  unsigned virtio_devices = 0;
  bool pmu = false;
};

// Throws Failure when a file is missing, malformed or does not fit.
[[nodiscard]] auto load_boot_files(const MachineConfig& config, const std::string& bootargs, BootHardware hardware,
                                   const GuestMemory& memory) -> BootEntry;

}  // namespace redoubt::vmm::arm64
