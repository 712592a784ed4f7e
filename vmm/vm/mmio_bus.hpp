// SPDX-License-Identifier: Apache-2.0
// Which device answers at which guest address.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/addr.hpp"

namespace redoubt::vmm {

// A device's registers. Called by vCPU threads, by several at once: implementations lock. offset is inside the window
// the device was added with; an access is 1, 2, 4 or 8 bytes, any alignment, and may be nonsense.
class MmioDevice {
 public:
  virtual ~MmioDevice() = default;
  virtual void read(std::uint64_t offset, std::span<std::byte> to) = 0;
  virtual void write(std::uint64_t offset, std::span<const std::byte> from) = 0;
};

// Filled before the vCPUs start, read-only afterwards. Reads of nothing give zeros, writes to nothing are dropped:
// a guest that probes must not be able to end its VMM.
class MmioBus {
 public:
  // Throws Failure if the window overlaps another.
  void add(Ipa base, std::uint64_t size, MmioDevice& device);
  void read(Ipa address, std::span<std::byte> to) const;
  void write(Ipa address, std::span<const std::byte> from) const;

 private:
  struct Window {
    std::uint64_t base;
    std::uint64_t size;
    MmioDevice* device;
  };
  [[nodiscard]] auto find(std::uint64_t address, std::size_t length) const -> const Window*;
  std::vector<Window> windows_;  // sorted by base
};

}  // namespace redoubt::vmm
