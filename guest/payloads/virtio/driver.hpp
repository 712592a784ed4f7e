// SPDX-License-Identifier: Apache-2.0
// A virtio-mmio driver (virtio 1.2, 4.2 and 2.7) for one queue of eight entries, polled; as hostile as its caller wants.
#pragma once

#include <cstdint>

#include "guest/sdk/machine.hpp"

namespace redoubt::guest::virtio {

inline constexpr std::uint16_t kQueueSize = 8;
inline constexpr std::uint16_t kNext = 1;
inline constexpr std::uint16_t kWrite = 2;

inline constexpr std::uint32_t kIdBlock = 2;
inline constexpr std::uint32_t kIdRng = 4;

struct Descriptor {
  Ipa address;
  std::uint32_t length = 0;
  std::uint16_t flags = 0;
  std::uint16_t next = 0;
};

// Two pages: a queue, and room for buffers. The guest shares them with its host before use.
struct alignas(kPageSize) Arena {
  std::byte queue[kPageSize];
  std::byte buffers[kPageSize];
};

class Device {
 public:
  explicit Device(Ipa base) noexcept : base_(base) {}
  [[nodiscard]] auto read(std::uint64_t offset) const noexcept -> std::uint32_t;
  void write(std::uint64_t offset, std::uint32_t value) const noexcept;
  // 0 if there is no device.
  [[nodiscard]] auto id() const noexcept -> std::uint32_t;
  [[nodiscard]] auto needs_reset() const noexcept -> bool { return (read(0x070) & 0x40) != 0; }

  // Reset to DRIVER_OK, queue 0 at `queue` (an address as the device shall see it), cleared first if `clear`.
  auto start(Ipa queue, bool clear = true) noexcept -> bool;
  void describe(std::uint16_t index, const Descriptor& descriptor) const noexcept;
  // Offers the chain that begins at `head` and rings; true when the device used it within a second.
  auto submit(std::uint16_t head) noexcept -> bool;
  // The same for a request the device must answer by stopping: true when it asked for a reset within a second.
  auto submit_hostile(std::uint16_t head) noexcept -> bool;
  void set_available_index(std::uint16_t value) const noexcept;

 private:
  void offer(std::uint16_t head) noexcept;

  Ipa base_;
  Ipa queue_;
  std::uint16_t offered_ = 0;
};

// The first device with this id; its id() is 0 if there is none.
[[nodiscard]] auto find(std::uint32_t id) noexcept -> Device;

}  // namespace redoubt::guest::virtio
