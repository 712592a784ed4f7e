// SPDX-License-Identifier: Apache-2.0
// virtio entropy device (virtio 1.2, 5.4).
#pragma once

#include <array>
#include <cstdint>

#include "vmm/backend/entropy.hpp"
#include "vmm/virtio/device.hpp"

namespace redoubt::vmm {

class VirtioRng final : public VirtioDevice {
 public:
  explicit VirtioRng(EntropySource& source) : source_(source) {}
  [[nodiscard]] auto id() const -> std::uint32_t override { return 4; }
  [[nodiscard]] auto features() const -> std::uint64_t override { return 0; }
  [[nodiscard]] auto queue_sizes() const -> std::span<const std::uint16_t> override { return kQueueSizes; }
  [[nodiscard]] auto config() const -> std::span<const std::byte> override { return {}; }
  void connect(DeviceHost&) override {}
  void activate(std::uint64_t, Queues queues) override { queue_ = queues[0]; }
  [[nodiscard]] auto process(unsigned queue) -> DeviceResult<> override;
  void reset() override { queue_ = nullptr; }

 private:
  static constexpr std::array<std::uint16_t, 1> kQueueSizes{64};
  [[nodiscard]] auto answer(const Chain& chain) -> DeviceResult<>;

  EntropySource& source_;
  Queue* queue_ = nullptr;
};

}  // namespace redoubt::vmm
