// SPDX-License-Identifier: Apache-2.0
// What a driver can do wrong so badly that its device stops until it is reset (DEVICE_NEEDS_RESET, virtio 1.2, 2.1.2).
#pragma once

#include <expected>

#include "vmm/vm/guest_memory.hpp"

namespace redoubt::vmm {

enum class DeviceFault {
  kBadQueue,         // size, alignment or place of a virtqueue
  kBadRing,          // an index that cannot be
  kBadChain,         // a loop, too long, wrong flags or wrong order
  kBadAddress,       // a buffer that is not in RAM
  kForbiddenMemory,  // a buffer the guest has not shared with the host
  kBadRequest,       // a request the device cannot even answer with an error
};

template <class T = void>
using DeviceResult = std::expected<T, DeviceFault>;

[[nodiscard]] constexpr auto device_fault(MemoryFault fault) -> DeviceFault {
  return fault == MemoryFault::kForbidden ? DeviceFault::kForbiddenMemory : DeviceFault::kBadAddress;
}

}  // namespace redoubt::vmm
