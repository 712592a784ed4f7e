// SPDX-License-Identifier: Apache-2.0
// What a virtio device is to its transport, and the transport to the device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "vmm/virtio/fault.hpp"
#include "vmm/virtio/queue.hpp"

namespace redoubt::vmm {

// How a device acts on an event of its back end (input arrived, a socket is readable). Any thread.
class DeviceHost {
 public:
  virtual ~DeviceHost() = default;
  // Runs `work` with the device to itself, if a driver operates it; then raises interrupts, or stops the device if
  // work found the driver at fault. false if no driver operates the device: work was not run.
  virtual auto run(const std::function<DeviceResult<>()>& work) -> bool = 0;
};

// The queues of an operating device. Entries for queues that the driver did not set up are null.
using Queues = std::span<Queue* const>;

// Called by the transport, one call at a time. No member may keep guest addresses beyond reset().
class VirtioDevice {
 public:
  virtual ~VirtioDevice() = default;
  // Virtio device type (virtio 1.2, 5).
  [[nodiscard]] virtual auto id() const -> std::uint32_t = 0;
  // Device-specific feature bits on offer, bits 0 to 23.
  [[nodiscard]] virtual auto features() const -> std::uint64_t = 0;
  // Largest size of each queue.
  [[nodiscard]] virtual auto queue_sizes() const -> std::span<const std::uint16_t> = 0;
  // The configuration space, as a whole; the transport cuts it.
  [[nodiscard]] virtual auto config() const -> std::span<const std::byte> = 0;
  // Once, before anything else.
  virtual void connect(DeviceHost& host) = 0;
  // The driver is ready. The queues stay valid until reset().
  virtual void activate(std::uint64_t features, Queues queues) = 0;
  // The driver rang for a queue that exists.
  [[nodiscard]] virtual auto process(unsigned queue) -> DeviceResult<> = 0;
  virtual void reset() = 0;
};

}  // namespace redoubt::vmm
