// SPDX-License-Identifier: Apache-2.0
// Guest RAM as the VMM may use it: every address comes from a hostile driver and is checked before a byte is touched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <type_traits>
#include <vector>

#include "base/addr.hpp"
#include "vmm/vm/guarded_copy.hpp"

namespace redoubt::vmm {

enum class MemoryFault {
  kOutside,    // not, or not entirely, inside one RAM region
  kForbidden,  // RAM, but the guest has not shared it with the host
};

template <class T = void>
using MemoryResult = std::expected<T, MemoryFault>;

struct RamRegion {
  Ipa base;
  std::span<std::byte> host;  // empty regions are not allowed
};

// Immutable after construction, so every thread may use it.
class GuestMemory {
 public:
  // shared_bit: the address bit by which a protected guest marks addresses it has shared (Arm CCA: the top bit of its
  // IPA space), 0 for ordinary VMs. Drivers put it into DMA addresses; it is stripped here and nowhere else.
  GuestMemory(std::vector<RamRegion> regions, std::uint64_t shared_bit);

  // The host bytes behind [address, address + length): for system calls that report EFAULT, and for the loader before
  // the first run. kOutside also if length is 0 or the range wraps or crosses out of a region.
  [[nodiscard]] auto host_range(Ipa address, std::uint64_t length) const -> MemoryResult<std::span<std::byte>>;

  [[nodiscard]] auto read(Ipa address, std::span<std::byte> to) const -> MemoryResult<>;
  [[nodiscard]] auto write(Ipa address, std::span<const std::byte> from) const -> MemoryResult<>;

  // A plain structure, copied once: what is checked afterwards is what is used.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  [[nodiscard]] auto read_object(Ipa address) const -> MemoryResult<T> {
    T value{};
    if (auto done = read(address, std::as_writable_bytes(std::span{&value, 1})); !done)
      return std::unexpected{done.error()};
    return value;
  }
  template <class T>
    requires std::is_trivially_copyable_v<T>
  [[nodiscard]] auto write_object(Ipa address, const T& value) const -> MemoryResult<> {
    return write(address, std::as_bytes(std::span{&value, 1}));
  }

  // 16-bit ring indices: one access, acquire and release. The address must be even (queue set-up checks it).
  [[nodiscard]] auto load16(Ipa address) const -> MemoryResult<std::uint16_t>;
  [[nodiscard]] auto store16(Ipa address, std::uint16_t value) const -> MemoryResult<>;

 private:
  std::vector<RamRegion> regions_;
  std::uint64_t shared_bit_;
};

}  // namespace redoubt::vmm
