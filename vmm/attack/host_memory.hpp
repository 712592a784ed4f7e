// SPDX-License-Identifier: Apache-2.0
// Which physical memory is the host's and which is the hypervisor's, as the host sees it.
#pragma once

#include <cstdint>
#include <vector>

#include "base/addr.hpp"
#include "vmm/attack/device.hpp"

namespace redoubt::vmm::attack {

struct MemoryRange {
  Pa start;
  std::uint64_t bytes = 0;
};

// "System RAM" of /proc/iomem, ascending. Throws Failure when the addresses are hidden (not root).
[[nodiscard]] auto host_memory() -> std::vector<MemoryRange>;

// The hypervisor's image, and the carve-out: it lies directly above the host's RAM.
[[nodiscard]] auto hypervisor_memory(const Device& device) -> std::vector<MemoryRange>;

struct HostScan {
  std::uint64_t pages = 0;
  std::uint64_t hits = 0;
  std::uint64_t unreadable = 0;
  std::optional<Pa> first;
};

// Every page of host_memory().
[[nodiscard]] auto scan_host_memory(const Device& device, const SecretMatch& secret) -> HostScan;

}  // namespace redoubt::vmm::attack
