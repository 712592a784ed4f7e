// SPDX-License-Identifier: Apache-2.0
#include "vmm/virtio/mmio_transport.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace redoubt::vmm {
namespace {

// Register offsets (virtio 1.2, 4.2.2).
enum : std::uint64_t {
  kMagicValue = 0x000,
  kVersion = 0x004,
  kDeviceId = 0x008,
  kVendorId = 0x00c,
  kDeviceFeatures = 0x010,
  kDeviceFeaturesSel = 0x014,
  kDriverFeatures = 0x020,
  kDriverFeaturesSel = 0x024,
  kQueueSel = 0x030,
  kQueueNumMax = 0x034,
  kQueueNum = 0x038,
  kQueueReady = 0x044,
  kQueueNotify = 0x050,
  kInterruptStatus = 0x060,
  kInterruptAck = 0x064,
  kStatus = 0x070,
  kQueueDescLow = 0x080,
  kQueueDescHigh = 0x084,
  kQueueDriverLow = 0x090,
  kQueueDriverHigh = 0x094,
  kQueueDeviceLow = 0x0a0,
  kQueueDeviceHigh = 0x0a4,
  kShmFirst = 0x0b0,
  kShmLast = 0x0bc,
  kConfig = 0x100,
};

constexpr std::uint32_t kMagic = 0x74726976;   // "virt"
constexpr std::uint32_t kVendor = 0x42554452;  // "RDUB"

constexpr std::uint32_t kDriverOk = 4;
constexpr std::uint32_t kFeaturesOk = 8;
constexpr std::uint32_t kNeedsReset = 0x40;
constexpr std::uint32_t kDriverBits = 0x8f;  // what a driver may write

constexpr std::uint32_t kUsedBuffer = 1;
constexpr std::uint32_t kConfigChange = 2;

[[nodiscard]] constexpr auto half(std::uint64_t value, std::uint32_t selector) -> std::uint32_t {
  return selector > 1 ? 0 : static_cast<std::uint32_t>(value >> (selector * 32));
}

constexpr void set_half(std::uint64_t& value, std::uint32_t selector, std::uint32_t bits) {
  if (selector > 1) return;
  const unsigned shift = selector * 32;
  value = (value & ~(std::uint64_t{0xffffffff} << shift)) | (std::uint64_t{bits} << shift);
}

constexpr void set_half(Ipa& address, std::uint32_t selector, std::uint32_t bits) {
  std::uint64_t value = address.value();
  set_half(value, selector, bits);
  address = Ipa{value};
}

}  // namespace

MmioTransport::MmioTransport(Parts parts, bool require_access_platform, std::function<void(unsigned)> doorbell)
    : parts_(parts),
      require_access_platform_(require_access_platform),
      doorbell_(std::move(doorbell)),
      registers_(parts.device.queue_sizes().size()),
      queues_(registers_.size()),
      queue_pointers_(registers_.size()) {
  parts_.device.connect(*this);
}

void MmioTransport::read(std::uint64_t offset, std::span<std::byte> to) {
  std::ranges::fill(to, std::byte{0});
  std::uint32_t value = 0;
  if (offset == kInterruptStatus) {
    value = interrupt_status_;  // without the lock: an interrupt handler must not wait for a slow disk
  } else {
    const std::lock_guard lock(mutex_);
    if (offset >= kConfig) return read_config(offset - kConfig, to);
    value = read_register(offset);
  }
  // Other widths are undefined by 4.2.2.2: they read 0.
  if (to.size() == sizeof value) std::memcpy(to.data(), &value, sizeof value);
}

void MmioTransport::read_config(std::uint64_t offset, std::span<std::byte> to) const {
  const std::span<const std::byte> config = parts_.device.config();
  for (std::size_t i = 0; i < to.size() && offset + i < config.size(); ++i) to[i] = config[offset + i];
}

auto MmioTransport::read_register(std::uint64_t offset) const -> std::uint32_t {
  const QueueRegisters* queue = selected_queue();
  switch (offset) {
    case kMagicValue: return kMagic;
    case kVersion: return 2;
    case kDeviceId: return parts_.device.id();
    case kVendorId: return kVendor;
    case kDeviceFeatures: return half(offered(), offered_selector_);
    case kQueueNumMax: return queue == nullptr ? 0 : parts_.device.queue_sizes()[queue_selector_];
    case kQueueReady: return queue != nullptr && queue->ready ? 1 : 0;
    case kStatus: return status_;
    default: return offset >= kShmFirst && offset <= kShmLast ? 0xffffffff : 0;  // no shared memory: all ones
  }
}

void MmioTransport::write(std::uint64_t offset, std::span<const std::byte> from) {
  std::uint32_t value = 0;
  if (from.size() != sizeof value) return;  // none of our devices has a writable configuration field
  std::memcpy(&value, from.data(), sizeof value);
  if (offset == kInterruptAck) {
    interrupt_status_ &= ~value;
    return;
  }
  if (offset == kQueueNotify) {
    if (value < registers_.size()) doorbell_(value);
    return;
  }
  const std::lock_guard lock(mutex_);
  write_register(offset, value);
}

void MmioTransport::write_register(std::uint64_t offset, std::uint32_t value) {
  switch (offset) {
    case kDeviceFeaturesSel: offered_selector_ = value; break;
    case kDriverFeaturesSel: accepted_selector_ = value; break;
    case kDriverFeatures:
      if ((status_ & kFeaturesOk) == 0) set_half(accepted_, accepted_selector_, value);
      break;
    case kQueueSel: queue_selector_ = value; break;
    case kStatus: write_status(value); break;
    default: write_queue_register(offset, value); break;
  }
}

void MmioTransport::write_queue_register(std::uint64_t offset, std::uint32_t value) {
  // After DRIVER_OK the queues are fixed until reset, whatever the driver writes.
  if (queue_selector_ >= registers_.size() || (status_ & (kDriverOk | kNeedsReset)) != 0) return;
  QueueRegisters& queue = registers_[queue_selector_];
  if (offset == kQueueReady) {
    queue.ready = value == 1;
    return;
  }
  if (queue.ready) return;
  switch (offset) {
    // A size that does not fit 16 bits becomes 0, which start() refuses.
    case kQueueNum: queue.layout.size = value > 0xffff ? std::uint16_t{0} : static_cast<std::uint16_t>(value); break;
    case kQueueDescLow: set_half(queue.layout.descriptors, 0, value); break;
    case kQueueDescHigh: set_half(queue.layout.descriptors, 1, value); break;
    case kQueueDriverLow: set_half(queue.layout.available, 0, value); break;
    case kQueueDriverHigh: set_half(queue.layout.available, 1, value); break;
    case kQueueDeviceLow: set_half(queue.layout.used, 0, value); break;
    case kQueueDeviceHigh: set_half(queue.layout.used, 1, value); break;
    default: break;
  }
}

void MmioTransport::write_status(std::uint32_t value) {
  if (value == 0) return reset();
  const std::uint32_t before = status_;
  // A driver never clears a bit except by reset (2.1.1).
  status_ |= value & kDriverBits;
  const std::uint32_t added = status_ & ~before;
  if ((added & kFeaturesOk) != 0) accept_features();
  if ((added & kDriverOk) != 0) start();
}

void MmioTransport::accept_features() {
  const std::uint64_t required = kFeatureVersion1 | (require_access_platform_ ? kFeatureAccessPlatform : 0);
  const bool good = (accepted_ & ~offered()) == 0 && (accepted_ & required) == required;
  if (!good) status_ &= ~kFeaturesOk;
}

void MmioTransport::start() {
  if ((status_ & kFeaturesOk) == 0) return stop_faulty_device();
  for (std::size_t i = 0; i < registers_.size(); ++i) {
    if (!registers_[i].ready) continue;
    auto queue = Queue::make(parts_.memory, registers_[i].layout, parts_.device.queue_sizes()[i], accepted_);
    if (!queue) return stop_faulty_device();
    queue_pointers_[i] = &queues_[i].emplace(std::move(*queue));
  }
  parts_.device.activate(accepted_, queue_pointers_);
}

void MmioTransport::reset() {
  parts_.device.reset();
  status_ = 0;
  interrupt_status_ = 0;
  accepted_ = 0;
  offered_selector_ = accepted_selector_ = queue_selector_ = 0;
  std::ranges::fill(registers_, QueueRegisters{});
  std::ranges::fill(queue_pointers_, nullptr);
  std::ranges::fill(queues_, std::nullopt);
}

void MmioTransport::stop_faulty_device() {
  parts_.device.reset();
  std::ranges::fill(queue_pointers_, nullptr);
  std::ranges::fill(queues_, std::nullopt);
  status_ |= kNeedsReset;
  raise(kConfigChange);
}

void MmioTransport::raise(std::uint32_t reason) {
  interrupt_status_ |= reason;
  parts_.irq.pulse();
}

auto MmioTransport::operating() const -> bool { return (status_ & (kDriverOk | kNeedsReset)) == kDriverOk; }

auto MmioTransport::run(const std::function<DeviceResult<>()>& work) -> bool {
  const std::lock_guard lock(mutex_);
  if (!operating()) return false;
  // What was completed before the fault is still announced.
  const DeviceResult<> done = work();
  signal_used_buffers();
  if (!done && operating()) stop_faulty_device();
  return true;
}

void MmioTransport::notified(unsigned queue) {
  run([&]() -> DeviceResult<> {
    if (queue >= queue_pointers_.size() || queue_pointers_[queue] == nullptr) return {};
    return parts_.device.process(queue);
  });
}

void MmioTransport::signal_used_buffers() {
  bool wanted = false;
  for (Queue* queue : queue_pointers_) {
    if (queue == nullptr) continue;
    const DeviceResult<bool> asked = queue->take_interrupt();
    if (!asked) return stop_faulty_device();
    wanted |= *asked;
  }
  if (wanted) raise(kUsedBuffer);
}

auto MmioTransport::offered() const -> std::uint64_t {
  return parts_.device.features() | kFeatureIndirectDesc | kFeatureEventIdx | kFeatureVersion1 |
         (require_access_platform_ ? kFeatureAccessPlatform : 0);
}

auto MmioTransport::selected_queue() const -> const QueueRegisters* {
  return queue_selector_ < registers_.size() ? &registers_[queue_selector_] : nullptr;
}

}  // namespace redoubt::vmm
