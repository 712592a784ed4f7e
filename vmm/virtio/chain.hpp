// SPDX-License-Identifier: Apache-2.0
// One request of a driver: its buffers, read once from the descriptor table and checked to be RAM.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/addr.hpp"
#include "vmm/virtio/fault.hpp"
#include "vmm/vm/guest_memory.hpp"

namespace redoubt::vmm {

struct Segment {
  Ipa address;
  std::uint32_t length = 0;  // never 0
};

// A list of buffers seen as one run of bytes.
class Segments {
 public:
  void add(Segment segment) {
    list_.push_back(segment);
    bytes_ += segment.length;
  }
  [[nodiscard]] auto bytes() const noexcept -> std::uint64_t { return bytes_; }

  // Copies from or to byte `offset`, as far as buffers reach; the number of bytes copied.
  [[nodiscard]] auto read(const GuestMemory& memory, std::uint64_t offset, std::span<std::byte> to) const
      -> DeviceResult<std::size_t>;
  [[nodiscard]] auto write(const GuestMemory& memory, std::uint64_t offset, std::span<const std::byte> from) const
      -> DeviceResult<std::size_t>;
  // For system calls that report EFAULT: `length` bytes from `offset`. kBadRequest if the buffers end before.
  [[nodiscard]] auto host_vectors(const GuestMemory& memory, std::uint64_t offset, std::uint64_t length) const
      -> DeviceResult<std::vector<iovec>>;

 private:
  template <class Visit>
  [[nodiscard]] auto walk(std::uint64_t offset, std::uint64_t length, Visit visit) const -> DeviceResult<std::uint64_t>;

  std::vector<Segment> list_;
  std::uint64_t bytes_ = 0;
};

struct Chain {
  std::uint16_t head = 0;
  Segments readable;  // by the device
  Segments writable;
};

}  // namespace redoubt::vmm
