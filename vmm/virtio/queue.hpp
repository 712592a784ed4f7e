// SPDX-License-Identifier: Apache-2.0
// A split virtqueue (virtio 1.2, 2.7), device side. Everything in guest memory may change at any moment and say anything.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/addr.hpp"
#include "vmm/virtio/chain.hpp"
#include "vmm/virtio/fault.hpp"
#include "vmm/vm/guest_memory.hpp"

namespace redoubt::vmm {

inline constexpr std::uint64_t kFeatureIndirectDesc = std::uint64_t{1} << 28;
inline constexpr std::uint64_t kFeatureEventIdx = std::uint64_t{1} << 29;

// A chain with more bytes than this is refused: no driver of ours builds one, and it bounds the work of one request.
inline constexpr std::uint64_t kMaxChainBytes = std::uint64_t{64} << 20;

// As the driver wrote it into the transport's registers.
struct QueueLayout {
  std::uint16_t size = 0;
  Ipa descriptors;
  Ipa available;
  Ipa used;
};

// Made once, when the driver is done with set-up: nothing the driver writes to registers afterwards reaches it.
// Not thread-safe; the transport serialises.
class Queue {
 public:
  // kBadQueue if size is not a power of two up to max_size, a part is misaligned or not in RAM.
  [[nodiscard]] static auto make(const GuestMemory& memory, const QueueLayout& layout, std::uint16_t max_size,
                                 std::uint64_t features) -> DeviceResult<Queue>;

  // The next request; nothing if there is none now (then a notification will follow when there is).
  [[nodiscard]] auto pop() -> DeviceResult<std::optional<Chain>>;
  // Completes a request: `written` bytes were stored in its writable part. Each popped chain once.
  [[nodiscard]] auto push(const Chain& chain, std::uint32_t written) -> DeviceResult<>;
  // Whether the driver wants an interrupt for what was pushed since the last call.
  [[nodiscard]] auto take_interrupt() -> DeviceResult<bool>;

  [[nodiscard]] auto memory() const noexcept -> const GuestMemory& { return *memory_; }
  [[nodiscard]] auto size() const noexcept -> std::uint16_t { return layout_.size; }

 private:
  struct Descriptor {
    std::uint64_t address;
    std::uint32_t length;
    std::uint16_t flags;
    std::uint16_t next;
  };
  struct Table {
    Ipa base;
    std::uint32_t entries;
    bool indirect;
  };

  Queue(const GuestMemory& memory, const QueueLayout& layout, std::uint64_t features);
  [[nodiscard]] auto available_index() const -> DeviceResult<std::uint16_t>;
  [[nodiscard]] auto ask_for_notification() const -> DeviceResult<>;
  [[nodiscard]] auto walk(std::uint16_t head) const -> DeviceResult<Chain>;
  [[nodiscard]] auto fetch(const Table& table, std::uint32_t index) const -> DeviceResult<Descriptor>;
  [[nodiscard]] auto enter_indirect(const Table& table, const Descriptor& descriptor) const -> DeviceResult<Table>;
  [[nodiscard]] auto add_segment(Chain& chain, const Descriptor& descriptor) const -> DeviceResult<>;

  const GuestMemory* memory_;
  QueueLayout layout_;
  std::uint64_t features_;
  std::uint16_t next_available_ = 0;
  std::uint16_t next_used_ = 0;
  std::uint16_t signalled_used_ = 0;  // next_used_ at the last take_interrupt()
  std::vector<bool> in_flight_;       // by head: popped, not yet pushed
};

}  // namespace redoubt::vmm
