// SPDX-License-Identifier: Apache-2.0
// virtio block device (virtio 1.2, 5.2): read, write, flush, get-id, discard, write-zeroes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "vmm/backend/block_backend.hpp"
#include "vmm/virtio/device.hpp"

namespace redoubt::vmm {

class VirtioBlock final : public VirtioDevice {
 public:
  explicit VirtioBlock(BlockBackend& backend);
  [[nodiscard]] auto id() const -> std::uint32_t override { return 2; }
  [[nodiscard]] auto features() const -> std::uint64_t override;
  [[nodiscard]] auto queue_sizes() const -> std::span<const std::uint16_t> override { return kQueueSizes; }
  [[nodiscard]] auto config() const -> std::span<const std::byte> override { return config_; }
  void connect(DeviceHost&) override {}
  void activate(std::uint64_t, Queues queues) override { queue_ = queues[0]; }
  [[nodiscard]] auto process(unsigned queue) -> DeviceResult<> override;
  void reset() override { queue_ = nullptr; }

 private:
  static constexpr std::uint16_t kQueueSize = 256;
  static constexpr std::array<std::uint16_t, 1> kQueueSizes{kQueueSize};

  struct Request {
    std::uint32_t type;
    std::uint32_t reserved;
    std::uint64_t sector;
  };
  // How a request ended: its status byte, and how many bytes of data were stored for the driver.
  struct Answer {
    std::uint8_t status;
    std::uint64_t written = 0;
  };
  // written counts only if the storage succeeded.
  [[nodiscard]] static auto answer(BlockStatus status, std::uint64_t written = 0) -> DeviceResult<Answer>;
  [[nodiscard]] auto serve(const Chain& chain) -> DeviceResult<>;
  [[nodiscard]] auto execute(const Request& request, const Chain& chain) -> DeviceResult<Answer>;
  [[nodiscard]] auto transfer(const Request& request, const Chain& chain) -> DeviceResult<Answer>;
  [[nodiscard]] auto get_id(const Chain& chain) -> DeviceResult<Answer>;
  [[nodiscard]] auto clear(const Request& request, const Chain& chain) -> DeviceResult<Answer>;
  [[nodiscard]] auto in_disk(std::uint64_t sector, std::uint64_t bytes) const -> bool;

  BlockBackend& backend_;
  std::array<std::byte, 60> config_{};  // struct virtio_blk_config up to write_zeroes_may_unmap and its padding
  Queue* queue_ = nullptr;
};

}  // namespace redoubt::vmm
