// SPDX-License-Identifier: Apache-2.0
// virtio-mmio, version 2 (virtio 1.2, 4.2). No legacy mode.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "vmm/virtio/device.hpp"
#include "vmm/vm/guest_memory.hpp"
#include "vmm/vm/irq_line.hpp"
#include "vmm/vm/mmio_bus.hpp"

namespace redoubt::vmm {

inline constexpr std::uint64_t kFeatureVersion1 = std::uint64_t{1} << 32;
inline constexpr std::uint64_t kFeatureAccessPlatform = std::uint64_t{1} << 33;

class MmioTransport final : public MmioDevice, public DeviceHost {
 public:
  struct Parts {
    VirtioDevice& device;
    const GuestMemory& memory;
    IrqLine& irq;  // used as an edge
  };
  // require_access_platform: a driver that does not use the DMA API (a protected guest's would give us private
  // addresses) is refused. doorbell(queue): a notification that arrived by register write; it must lead to
  // notified(queue) on the thread that runs the device.
  MmioTransport(Parts parts, bool require_access_platform, std::function<void(unsigned queue)> doorbell);

  void read(std::uint64_t offset, std::span<std::byte> to) override;
  void write(std::uint64_t offset, std::span<const std::byte> from) override;
  auto run(const std::function<DeviceResult<>()>& work) -> bool override;
  void notified(unsigned queue);

 private:
  struct QueueRegisters {
    QueueLayout layout;
    bool ready = false;
  };

  [[nodiscard]] auto read_register(std::uint64_t offset) const -> std::uint32_t;
  void read_config(std::uint64_t offset, std::span<std::byte> to) const;
  void write_register(std::uint64_t offset, std::uint32_t value);
  void write_queue_register(std::uint64_t offset, std::uint32_t value);
  void write_status(std::uint32_t value);
  void accept_features();
  void start();
  void reset();
  void stop_faulty_device();
  void raise(std::uint32_t reason);
  void signal_used_buffers();
  [[nodiscard]] auto offered() const -> std::uint64_t;
  [[nodiscard]] auto selected_queue() const -> const QueueRegisters*;
  [[nodiscard]] auto operating() const -> bool;

  Parts parts_;
  bool require_access_platform_;
  std::function<void(unsigned)> doorbell_;
  std::atomic<std::uint32_t> interrupt_status_ = 0;
  mutable std::mutex mutex_;  // guards the rest
  std::uint32_t status_ = 0;
  std::uint32_t offered_selector_ = 0;
  std::uint32_t accepted_selector_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint32_t queue_selector_ = 0;
  std::vector<QueueRegisters> registers_;
  std::vector<std::optional<Queue>> queues_;  // set from registers_ at DRIVER_OK, never after
  std::vector<Queue*> queue_pointers_;
};

}  // namespace redoubt::vmm
