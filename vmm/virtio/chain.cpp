// SPDX-License-Identifier: Apache-2.0
#include "vmm/virtio/chain.hpp"

#include <algorithm>

namespace redoubt::vmm {

// visit(address, length, done): done = bytes visited before. Answers all bytes visited.
template <class Visit>
auto Segments::walk(std::uint64_t offset, std::uint64_t length, Visit visit) const -> DeviceResult<std::uint64_t> {
  std::uint64_t done = 0;
  for (const Segment& segment : list_) {
    if (offset >= segment.length) {
      offset -= segment.length;
      continue;
    }
    const std::uint64_t part = std::min(segment.length - offset, length - done);
    if (part == 0) break;
    const MemoryResult<> visited = visit(segment.address + offset, part, done);
    if (!visited) return std::unexpected{device_fault(visited.error())};
    done += part;
    offset = 0;
  }
  return done;
}

auto Segments::read(const GuestMemory& memory, std::uint64_t offset, std::span<std::byte> to) const
    -> DeviceResult<std::size_t> {
  return walk(offset, to.size(), [&](Ipa address, std::uint64_t part, std::uint64_t done) {
    return memory.read(address, to.subspan(done, part));
  });
}

auto Segments::write(const GuestMemory& memory, std::uint64_t offset, std::span<const std::byte> from) const
    -> DeviceResult<std::size_t> {
  return walk(offset, from.size(), [&](Ipa address, std::uint64_t part, std::uint64_t done) {
    return memory.write(address, from.subspan(done, part));
  });
}

auto Segments::host_vectors(const GuestMemory& memory, std::uint64_t offset, std::uint64_t length) const
    -> DeviceResult<std::vector<iovec>> {
  std::vector<iovec> vectors;
  const auto done = walk(offset, length, [&](Ipa address, std::uint64_t part, std::uint64_t) -> MemoryResult<> {
    const auto range = memory.host_range(address, part);
    if (!range) return std::unexpected{range.error()};
    vectors.push_back(iovec{range->data(), range->size()});
    return {};
  });
  if (!done) return std::unexpected{done.error()};
  if (*done != length) return std::unexpected{DeviceFault::kBadRequest};
  return vectors;
}

}  // namespace redoubt::vmm
