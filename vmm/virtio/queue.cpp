// SPDX-License-Identifier: Apache-2.0
#include "vmm/virtio/queue.hpp"

#include <atomic>
#include <bit>

namespace redoubt::vmm {
namespace {

constexpr std::uint16_t kDescNext = 1;
constexpr std::uint16_t kDescWrite = 2;
constexpr std::uint16_t kDescIndirect = 4;
constexpr std::uint16_t kNoInterrupt = 1;
constexpr std::uint64_t kDescriptorBytes = 16;
constexpr std::uint64_t kUsedElementBytes = 8;
// Both rings begin with flags and index, 16 bits each, and end with the event index.
constexpr std::uint64_t kRingHeader = 4;
constexpr std::uint64_t kRingEvent = 2;

struct UsedElement {
  std::uint32_t id;
  std::uint32_t length;
};

template <class T>
[[nodiscard]] auto lift(const MemoryResult<T>& result) -> DeviceResult<T> {
  if (!result) return std::unexpected{device_fault(result.error())};
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return *result;
  }
}

[[nodiscard]] auto in_ram(const GuestMemory& memory, Ipa base, std::uint64_t bytes, std::uint64_t alignment) -> bool {
  return base.value() % alignment == 0 && memory.host_range(base, bytes).has_value();
}

}  // namespace

Queue::Queue(const GuestMemory& memory, const QueueLayout& layout, std::uint64_t features)
    : memory_(&memory), layout_(layout), features_(features), in_flight_(layout.size) {}

auto Queue::make(const GuestMemory& memory, const QueueLayout& layout, std::uint16_t max_size, std::uint64_t features)
    -> DeviceResult<Queue> {
  const std::uint64_t size = layout.size;
  const bool good = std::has_single_bit(size) && size <= max_size &&
                    in_ram(memory, layout.descriptors, size * kDescriptorBytes, 16) &&
                    in_ram(memory, layout.available, kRingHeader + size * 2 + kRingEvent, 2) &&
                    in_ram(memory, layout.used, kRingHeader + size * kUsedElementBytes + kRingEvent, 4);
  if (!good) return std::unexpected{DeviceFault::kBadQueue};
  return Queue(memory, layout, features);
}

auto Queue::available_index() const -> DeviceResult<std::uint16_t> {
  return lift(memory_->load16(layout_.available + 2));
}

auto Queue::ask_for_notification() const -> DeviceResult<> {
  if ((features_ & kFeatureEventIdx) == 0) return {};
  const Ipa avail_event = layout_.used + kRingHeader + layout_.size * kUsedElementBytes;
  auto stored = lift(memory_->store16(avail_event, next_available_));
  // The driver stores its index and then looks at the event index; we do the opposite (virtio 1.2, 2.7.10).
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return stored;
}

auto Queue::pop() -> DeviceResult<std::optional<Chain>> {
  auto index = available_index();
  if (index && *index == next_available_) {
    if (auto asked = ask_for_notification(); !asked) return std::unexpected{asked.error()};
    index = available_index();
  }
  if (!index) return std::unexpected{index.error()};
  const auto waiting = static_cast<std::uint16_t>(*index - next_available_);
  if (waiting == 0) return std::nullopt;
  if (waiting > layout_.size) return std::unexpected{DeviceFault::kBadRing};

  const std::uint64_t slot = next_available_ % layout_.size;
  const auto head = lift(memory_->load16(layout_.available + kRingHeader + slot * 2));
  if (!head) return std::unexpected{head.error()};
  if (*head >= layout_.size || in_flight_[*head]) return std::unexpected{DeviceFault::kBadRing};
  auto chain = walk(*head);
  if (!chain) return std::unexpected{chain.error()};
  in_flight_[*head] = true;
  ++next_available_;
  return std::move(*chain);
}

auto Queue::fetch(const Table& table, std::uint32_t index) const -> DeviceResult<Descriptor> {
  if (index >= table.entries) return std::unexpected{DeviceFault::kBadChain};
  return lift(memory_->read_object<Descriptor>(table.base + index * kDescriptorBytes));
}

auto Queue::walk(std::uint16_t head) const -> DeviceResult<Chain> {
  Chain chain{.head = head, .readable = {}, .writable = {}};
  Table table{layout_.descriptors, layout_.size, false};
  std::uint32_t index = head;
  // A chain is never longer than the queue (2.7.5.3.1): this ends loops in `next`. The indirect descriptor counts too.
  for (std::uint32_t steps = 0; steps <= layout_.size; ++steps) {
    const auto descriptor = fetch(table, index);
    if (!descriptor) return std::unexpected{descriptor.error()};
    if ((descriptor->flags & kDescIndirect) != 0) {
      const auto inner = enter_indirect(table, *descriptor);
      if (!inner) return std::unexpected{inner.error()};
      table = *inner;
      index = 0;
      continue;
    }
    if (auto added = add_segment(chain, *descriptor); !added) return std::unexpected{added.error()};
    if ((descriptor->flags & kDescNext) == 0) return chain;
    index = descriptor->next;
  }
  return std::unexpected{DeviceFault::kBadChain};
}

auto Queue::enter_indirect(const Table& table, const Descriptor& descriptor) const -> DeviceResult<Table> {
  const bool allowed =
      (features_ & kFeatureIndirectDesc) != 0 && !table.indirect && (descriptor.flags & kDescNext) == 0;
  const std::uint32_t entries = descriptor.length / kDescriptorBytes;
  if (!allowed || entries == 0 || descriptor.length % kDescriptorBytes != 0) {
    return std::unexpected{DeviceFault::kBadChain};
  }
  return Table{Ipa{descriptor.address}, entries, true};
}

auto Queue::add_segment(Chain& chain, const Descriptor& descriptor) const -> DeviceResult<> {
  const bool writable = (descriptor.flags & kDescWrite) != 0;
  // Readable buffers come first (2.7.4.2); an empty buffer has no meaning.
  if (descriptor.length == 0 || (!writable && chain.writable.bytes() != 0))
    return std::unexpected{DeviceFault::kBadChain};
  if (chain.readable.bytes() + chain.writable.bytes() + descriptor.length > kMaxChainBytes) {
    return std::unexpected{DeviceFault::kBadChain};
  }
  const Ipa address{descriptor.address};
  if (!memory_->host_range(address, descriptor.length)) return std::unexpected{DeviceFault::kBadAddress};
  (writable ? chain.writable : chain.readable).add(Segment{address, descriptor.length});
  return {};
}

auto Queue::push(const Chain& chain, std::uint32_t written) -> DeviceResult<> {
  if (chain.head >= layout_.size || !in_flight_[chain.head]) return std::unexpected{DeviceFault::kBadRing};
  in_flight_[chain.head] = false;
  const std::uint64_t slot = next_used_ % layout_.size;
  const UsedElement element{chain.head, written};
  const Ipa at = layout_.used + kRingHeader + slot * kUsedElementBytes;
  if (auto stored = lift(memory_->write_object(at, element)); !stored) return stored;
  ++next_used_;
  return lift(memory_->store16(layout_.used + 2, next_used_));  // release: the element is visible first
}

auto Queue::take_interrupt() -> DeviceResult<bool> {
  const std::uint16_t before = signalled_used_;
  if (before == next_used_) return false;
  signalled_used_ = next_used_;
  // Our index must be visible before we look whether the driver wants to hear of it.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if ((features_ & kFeatureEventIdx) == 0) {
    const auto flags = lift(memory_->load16(layout_.available));
    if (!flags) return std::unexpected{flags.error()};
    return (*flags & kNoInterrupt) == 0;
  }
  const auto event = lift(memory_->load16(layout_.available + kRingHeader + layout_.size * std::uint64_t{2}));
  if (!event) return std::unexpected{event.error()};
  // Whether the wanted index was passed since the last interrupt, modulo 2^16 (2.7.7.2).
  return static_cast<std::uint16_t>(next_used_ - *event - 1) < static_cast<std::uint16_t>(next_used_ - before);
}

}  // namespace redoubt::vmm
