// SPDX-License-Identifier: Apache-2.0
// virtio socket device (virtio 1.2, 5.10), streams only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "vmm/backend/vsock_packet.hpp"
#include "vmm/virtio/device.hpp"

namespace redoubt::vmm {

class VirtioVsock final : public VirtioDevice, public VsockPort {
 public:
  // guest_cid: 3 to 2^32 - 2.
  VirtioVsock(std::uint32_t guest_cid, VsockBackend& backend);
  [[nodiscard]] auto id() const -> std::uint32_t override { return 19; }
  [[nodiscard]] auto features() const -> std::uint64_t override { return 0; }
  [[nodiscard]] auto queue_sizes() const -> std::span<const std::uint16_t> override { return kQueueSizes; }
  [[nodiscard]] auto config() const -> std::span<const std::byte> override { return config_; }
  void connect(DeviceHost& host) override { host_ = &host; }
  void activate(std::uint64_t features, Queues queues) override;
  [[nodiscard]] auto process(unsigned queue) -> DeviceResult<> override;
  void reset() override;
  [[nodiscard]] auto run(const std::function<void()>& work) -> bool override;

 private:
  static constexpr unsigned kReceive = 0;
  static constexpr unsigned kTransmit = 1;
  static constexpr std::array<std::uint16_t, 3> kQueueSizes{256, 256, 16};

  [[nodiscard]] auto exchange() -> DeviceResult<>;
  [[nodiscard]] auto take_from_guest() -> DeviceResult<>;
  [[nodiscard]] auto take_one(const Chain& chain) -> DeviceResult<>;
  // true if something was delivered
  [[nodiscard]] auto deliver() -> DeviceResult<bool>;
  [[nodiscard]] auto deliver_one(const Chain& chain, const VsockPacket& packet) -> DeviceResult<>;

  VsockBackend& backend_;
  std::array<std::byte, 8> config_{};
  DeviceHost* host_ = nullptr;
  Queue* receive_ = nullptr;
  Queue* transmit_ = nullptr;
  std::optional<Chain> empty_;  // a receive buffer that no packet has been found for yet
  std::vector<std::byte> payload_;
};

}  // namespace redoubt::vmm
