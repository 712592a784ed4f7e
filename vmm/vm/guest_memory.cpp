// SPDX-License-Identifier: Apache-2.0
#include "vmm/vm/guest_memory.hpp"

#include <utility>

namespace redoubt::vmm {

GuestMemory::GuestMemory(std::vector<RamRegion> regions, std::uint64_t shared_bit)
    : regions_(std::move(regions)), shared_bit_(shared_bit) {}

auto GuestMemory::host_range(Ipa address, std::uint64_t length) const -> MemoryResult<std::span<std::byte>> {
  const std::uint64_t at = address.value() & ~shared_bit_;
  if (length == 0) return std::unexpected{MemoryFault::kOutside};
  for (const RamRegion& region : regions_) {
    const std::uint64_t base = region.base.value();
    const std::uint64_t size = region.host.size();
    if (at < base || at - base >= size) continue;
    if (length > size - (at - base)) return std::unexpected{MemoryFault::kOutside};
    return region.host.subspan(at - base, length);
  }
  return std::unexpected{MemoryFault::kOutside};
}

auto GuestMemory::read(Ipa address, std::span<std::byte> to) const -> MemoryResult<> {
  const auto from = host_range(address, to.size());
  if (!from) return std::unexpected{from.error()};
  if (!guarded_copy(to.data(), from->data(), to.size())) return std::unexpected{MemoryFault::kForbidden};
  return {};
}

auto GuestMemory::write(Ipa address, std::span<const std::byte> from) const -> MemoryResult<> {
  const auto to = host_range(address, from.size());
  if (!to) return std::unexpected{to.error()};
  if (!guarded_copy(to->data(), from.data(), from.size())) return std::unexpected{MemoryFault::kForbidden};
  return {};
}

auto GuestMemory::load16(Ipa address) const -> MemoryResult<std::uint16_t> {
  const auto from = host_range(address, sizeof(std::uint16_t));
  if (!from) return std::unexpected{from.error()};
  std::uint16_t value = 0;
  if (!guarded_load(from->data(), value)) return std::unexpected{MemoryFault::kForbidden};
  return value;
}

auto GuestMemory::store16(Ipa address, std::uint16_t value) const -> MemoryResult<> {
  const auto to = host_range(address, sizeof value);
  if (!to) return std::unexpected{to.error()};
  if (!guarded_store(to->data(), value)) return std::unexpected{MemoryFault::kForbidden};
  return {};
}

}  // namespace redoubt::vmm
