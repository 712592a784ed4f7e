// SPDX-License-Identifier: Apache-2.0
// One virtio-mmio device plugged into a KVM machine: its interrupt, its doorbells and its place on the bus.
#pragma once

#include <vector>

#include "base/addr.hpp"
#include "vmm/virtio/device.hpp"
#include "vmm/virtio/mmio_transport.hpp"
#include "vmm/vm/event_loop.hpp"
#include "vmm/vm/guest_memory.hpp"
#include "vmm/vm/kvm_events.hpp"
#include "vmm/vm/mmio_bus.hpp"

namespace redoubt::vmm {

class VirtioSlot {
 public:
  struct Machine {
    const KvmVm& vm;
    const GuestMemory& memory;
    EventLoop& loop;
    MmioBus& bus;
    bool require_access_platform;
  };
  // base, bytes and spi: where the guest's device tree says the device is. The interrupt controller is initialised.
  VirtioSlot(const Machine& machine, Ipa base, std::uint64_t bytes, Spi spi, VirtioDevice& device);
  VirtioSlot(const VirtioSlot&) = delete;
  auto operator=(const VirtioSlot&) -> VirtioSlot& = delete;

 private:
  KvmIrqLine irq_;
  MmioTransport transport_;
  std::vector<Doorbell> doorbells_;
};

}  // namespace redoubt::vmm
