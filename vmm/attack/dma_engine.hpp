// SPDX-License-Identifier: Apache-2.0
// QEMU's `edu` device (docs/specs/edu.rst of QEMU): a PCI function that copies pages between memory and a buffer of its own,
// wherever it is told to. What a compromised host makes of any device.
#pragma once

#include <optional>

#include "vmm/attack/device.hpp"

namespace redoubt::vmm::attack {

class DmaEngine {
 public:
  // On the root bus, with memory space and bus mastering switched on; nullopt if there is none, or no PCI.
  [[nodiscard]] static auto find(const Device& device) -> std::optional<DmaEngine>;

  // Whether the machine has PCI configuration space that this host can reach.
  [[nodiscard]] static auto pci_is_here(const Device& device) -> bool;

  // One page from memory into the buffer, and back. Each takes a tenth of a second. Throws Failure if it does not end.
  void read(Pfn from) const;
  void write(Pfn to) const;

 private:
  DmaEngine(const Device& device, Pa registers) : device_(&device), registers_(registers) {}
  void run(std::uint64_t source, std::uint64_t target, std::uint64_t command) const;
  const Device* device_;
  Pa registers_;
};

}  // namespace redoubt::vmm::attack
