// SPDX-License-Identifier: Apache-2.0
// Packets of virtio socket devices (virtio 1.2, 5.10), and the interface between the device and who stands for the host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace redoubt::vmm {

inline constexpr std::uint64_t kVsockHostCid = 2;
inline constexpr std::uint16_t kVsockStream = 1;
// The largest payload either side puts into one packet.
inline constexpr std::uint32_t kVsockMaxPayload = 64 * 1024;

enum class VsockOp : std::uint16_t {
  kRequest = 1,
  kResponse = 2,
  kReset = 3,
  kShutdown = 4,
  kData = 5,
  kCreditUpdate = 6,
  kCreditRequest = 7,
};

inline constexpr std::uint32_t kVsockShutdownReceive = 1;  // the sender of the packet will receive no more
inline constexpr std::uint32_t kVsockShutdownSend = 2;     // it will send no more

// struct virtio_vsock_hdr, little-endian as the machines we run on.
struct [[gnu::packed]] VsockHeader {
  std::uint64_t source_cid;
  std::uint64_t target_cid;
  std::uint32_t source_port;
  std::uint32_t target_port;
  std::uint32_t length;
  std::uint16_t type;
  VsockOp op;
  std::uint32_t flags;
  std::uint32_t buffer_bytes;    // buf_alloc: how much the sender can hold
  std::uint32_t consumed_bytes;  // fwd_cnt: how much it has taken out, modulo 2^32
};
static_assert(sizeof(VsockHeader) == 44);

struct VsockPacket {
  VsockHeader header{};
  std::vector<std::byte> payload;
};

// The device, as its back end sees it.
class VsockPort {
 public:
  virtual ~VsockPort() = default;
  // Runs `work` with the device to itself, then hands the guest what next() gives. false, and work not run, if no
  // driver operates the device. Event loop's thread.
  [[nodiscard]] virtual auto run(const std::function<void()>& work) -> bool = 0;
};

// Called with the device locked.
class VsockBackend {
 public:
  virtual ~VsockBackend() = default;
  // Once, before anything else.
  virtual void attach(VsockPort& port) = 0;
  // Whether handle() may be called: answers that the guest does not fetch must not pile up without limit.
  [[nodiscard]] virtual auto ready() const -> bool = 0;
  // A packet of the guest; nothing in it has been checked but that payload has header.length bytes.
  virtual void handle(const VsockHeader& header, std::span<const std::byte> payload) = 0;
  // The next packet for the guest, with at most max_payload bytes (> 0); nothing if there is none now.
  [[nodiscard]] virtual auto next(std::size_t max_payload) -> std::optional<VsockPacket> = 0;
  // Ends every connection; any thread that holds the device.
  virtual void reset() = 0;
};

}  // namespace redoubt::vmm
