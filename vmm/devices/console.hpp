// SPDX-License-Identifier: Apache-2.0
// virtio console (virtio 1.2, 5.3): one port, /dev/hvc0 in Linux.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "vmm/backend/console_backend.hpp"
#include "vmm/virtio/device.hpp"

namespace redoubt::vmm {

class VirtioConsole final : public VirtioDevice, public ConsoleDevice {
 public:
  explicit VirtioConsole(ConsoleBackend& backend) : backend_(backend) {}
  [[nodiscard]] auto id() const -> std::uint32_t override { return 3; }
  [[nodiscard]] auto features() const -> std::uint64_t override { return 0; }
  [[nodiscard]] auto queue_sizes() const -> std::span<const std::uint16_t> override { return kQueueSizes; }
  [[nodiscard]] auto config() const -> std::span<const std::byte> override { return {}; }
  void connect(DeviceHost& host) override { host_ = &host; }
  void activate(std::uint64_t features, Queues queues) override;
  [[nodiscard]] auto process(unsigned queue) -> DeviceResult<> override;
  void reset() override;

  [[nodiscard]] auto receive(std::span<const std::byte> bytes) -> std::size_t override;
  void output_drained() override;

 private:
  static constexpr unsigned kReceive = 0;
  static constexpr unsigned kTransmit = 1;
  static constexpr std::array<std::uint16_t, 2> kQueueSizes{64, 64};

  struct Output {
    Chain chain;
    std::uint64_t done = 0;  // bytes of it that the backend took
  };
  [[nodiscard]] auto give_input(std::span<const std::byte> bytes, std::size_t& taken) -> DeviceResult<>;
  [[nodiscard]] auto transmit() -> DeviceResult<>;
  // true when all of output_ was taken
  [[nodiscard]] auto transmit_one() -> DeviceResult<bool>;

  ConsoleBackend& backend_;
  DeviceHost* host_ = nullptr;
  Queue* receive_ = nullptr;
  Queue* transmit_ = nullptr;
  std::optional<Output> output_;  // the chain on which the backend became full
  bool starved_backend_ = false;  // receive() refused bytes: the backend waits for input_wanted()
};

}  // namespace redoubt::vmm
