// SPDX-License-Identifier: Apache-2.0
// For tests: a driver, well-behaved or hostile, in front of a device behind its real transport.
#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/virtio/mmio_transport.hpp"

namespace redoubt::vmm::test {

inline constexpr std::uint64_t kRamBase = 0x40000000;
inline constexpr std::uint64_t kRamBytes = 1 << 20;
inline constexpr std::uint16_t kDescNext = 1;
inline constexpr std::uint16_t kDescWrite = 2;
inline constexpr std::uint16_t kDescIndirect = 4;

struct FakeIrq final : IrqLine {
  void set_level(bool high) override { level = high; }
  void pulse() override { ++pulses; }
  int pulses = 0;
  bool level = false;
};

// Page-aligned RAM that a test may protect, to act as memory the guest has not shared.
class FakeRam {
 public:
  FakeRam();
  FakeRam(const FakeRam&) = delete;
  auto operator=(const FakeRam&) -> FakeRam& = delete;
  ~FakeRam();
  [[nodiscard]] auto bytes() const -> std::span<std::byte> { return {start_, kRamBytes}; }
  void forbid(std::uint64_t address, std::uint64_t length) const;

 private:
  std::byte* start_;
};

struct Desc {
  std::uint64_t address;
  std::uint32_t length;
  std::uint16_t flags;
  std::uint16_t next;
};

// Where a queue of 8 entries lies in RAM.
struct RingPlace {
  std::uint16_t size = 8;
  std::uint64_t desc = kRamBase + 0x1000;
  std::uint64_t avail = kRamBase + 0x2000;
  std::uint64_t used = kRamBase + 0x3000;
};

class Driver {
 public:
  // shared_bit as in GuestMemory; with one, the transport requires VIRTIO_F_ACCESS_PLATFORM.
  explicit Driver(VirtioDevice& device, std::uint64_t shared_bit = 0);

  [[nodiscard]] auto reg(std::uint64_t offset) -> std::uint32_t;
  void set(std::uint64_t offset, std::uint32_t value);
  void negotiate(std::uint64_t features);
  void set_queue(std::uint32_t index, const RingPlace& place);
  // Reset to DRIVER_OK with VERSION_1 and `features`, each queue of the device at its own place.
  void bring_up(std::uint64_t features = 0);

  // Ring operations on the queue's own place. offer() answers the slot's head.
  [[nodiscard]] auto place(unsigned queue) const -> RingPlace;
  void put_desc(unsigned queue, std::uint16_t index, Desc desc);
  void offer(unsigned queue, std::uint16_t head);
  void set_avail_index(unsigned queue, std::uint16_t value);
  [[nodiscard]] auto used_index(unsigned queue) -> std::uint16_t;
  [[nodiscard]] auto used_length(unsigned queue, std::uint16_t slot) -> std::uint32_t;
  // Descriptors 0..n-1 chained in order, offered and rung.
  void send(unsigned queue, std::initializer_list<Desc> descs);

  [[nodiscard]] auto needs_reset() -> bool { return (reg(0x070) & 0x40) != 0; }
  template <class T>
  void poke(std::uint64_t address, T value) {
    std::memcpy(ram.bytes().data() + (address - kRamBase), &value, sizeof value);
  }
  template <class T>
  [[nodiscard]] auto peek(std::uint64_t address) -> T {
    T value;
    std::memcpy(&value, ram.bytes().data() + (address - kRamBase), sizeof value);
    return value;
  }
  void poke_text(std::uint64_t address, std::string_view text);
  [[nodiscard]] auto peek_text(std::uint64_t address, std::size_t length) -> std::string;

  FakeRam ram;
  FakeIrq irq;
  GuestMemory memory;
  MmioTransport transport;

 private:
  std::uint64_t required_features_;
  std::vector<std::uint16_t> offered_;  // per queue: how many heads
};

}  // namespace redoubt::vmm::test
