// SPDX-License-Identifier: Apache-2.0
#include "vmm/virtio/slot.hpp"

#include <sys/epoll.h>

#include "vmm/vm/failure.hpp"

namespace redoubt::vmm {

// QueueNotify (virtio 1.2, 4.2.2): the doorbell of queue n is the value n written here.
static constexpr std::uint64_t kQueueNotifyOffset = 0x050;

VirtioSlot::VirtioSlot(const Machine& machine, Ipa base, std::uint64_t bytes, Spi spi, VirtioDevice& device)
    : irq_(machine.vm, spi, KvmIrqLine::Kind::kEdge),
      transport_({.device = device, .memory = machine.memory, .irq = irq_}, machine.require_access_platform,
                 [this](unsigned queue) { doorbells_[queue].ring(); }) {
  const auto queues = static_cast<unsigned>(device.queue_sizes().size());
  doorbells_.reserve(queues);  // handlers keep references
  for (unsigned queue = 0; queue < queues; ++queue) {
    const Doorbell& doorbell = doorbells_.emplace_back(machine.vm, base + kQueueNotifyOffset, queue);
    const bool watched = machine.loop.add(doorbell.fd(), EPOLLIN, [this, queue, &doorbell](std::uint32_t) {
      doorbell.drain();
      transport_.notified(queue);
    });
    if (!watched) fail("cannot wait for a device's doorbell");
  }
  machine.bus.add(base, bytes, transport_);
}

}  // namespace redoubt::vmm
