// SPDX-License-Identifier: Apache-2.0
#include "vmm/attack/host_memory.hpp"

#include <cstdio>
#include <fstream>
#include <string>

#include "vmm/vm/failure.hpp"

namespace redoubt::vmm::attack {

auto host_memory() -> std::vector<MemoryRange> {
  std::vector<MemoryRange> ranges;
  std::ifstream map("/proc/iomem");
  for (std::string line; std::getline(map, line);) {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    // Entries below another are indented: kernel code and data are inside System RAM.
    if (line.ends_with(" : System RAM") && std::sscanf(line.c_str(), "%lx-%lx", &from, &to) == 2 && to > from) {
      ranges.push_back({Pa{from}, to + 1 - from});
    }
  }
  if (ranges.empty()) fail("/proc/iomem shows no System RAM: run as root");
  return ranges;
}

auto hypervisor_memory(const Device& device) -> std::vector<MemoryRange> {
  const std::uint64_t image = device.info(RD_INFO_IMAGE_PA);
  const std::uint64_t image_bytes = device.info(RD_INFO_IMAGE_BYTES);
  const std::uint64_t reserved = device.info(RD_INFO_RESERVED_BYTES);
  std::vector<MemoryRange> ranges;
  if (image == 0 || reserved <= image_bytes) return ranges;
  ranges.push_back({Pa{image}, image_bytes});
  const MemoryRange last = host_memory().back();
  ranges.push_back({last.start + last.bytes, reserved - image_bytes});
  return ranges;
}

auto scan_host_memory(const Device& device, const SecretMatch& secret) -> HostScan {
  HostScan total;
  for (const MemoryRange& range : host_memory()) {
    const std::uint64_t pages = range.bytes >> kPageShift;
    const auto found = device.scan(pfn_of(range.start), pages, secret);
    if (found.first && !total.first) total.first = found.first;
    total.pages += pages;
    total.hits += found.hits;
    total.unreadable += found.unreadable;
  }
  return total;
}

}  // namespace redoubt::vmm::attack
