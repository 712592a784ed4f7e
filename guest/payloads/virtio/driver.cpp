// SPDX-License-Identifier: Apache-2.0
#include "guest/payloads/virtio/driver.hpp"

#include <cstddef>

#include "arch/arm64/common/barrier.hpp"
#include "arch/arm64/common/mmio.hpp"
#include "guest/sdk/timer.hpp"

namespace redoubt::guest::virtio {

namespace {

constexpr Ipa kFirst{0x0a00'0000};
constexpr std::uint64_t kStride = 0x200;
constexpr unsigned kSlots = 32;
constexpr std::uint32_t kMagic = 0x7472'6976;

// Parts of the queue's page.
constexpr std::uint64_t kAvailable = 0x400;
constexpr std::uint64_t kUsed = 0x800;

constexpr std::uint64_t kVersion1AndPlatform = (std::uint64_t{1} << 32) | (std::uint64_t{1} << 33);
constexpr std::uint64_t kPatience = 1000;  // milliseconds

// Ring memory is shared with another CPU, like a device register: exact accesses, never repeated.
template <class T>
void store(Ipa address, T value) noexcept {
  arm64::mmio_write<T>(reinterpret_cast<volatile void*>(address.value()), value);
}

[[nodiscard]] auto load16(Ipa address) noexcept -> std::uint16_t {
  return arm64::mmio_read<std::uint16_t>(reinterpret_cast<const volatile void*>(address.value()));
}

}  // namespace

auto Device::read(std::uint64_t offset) const noexcept -> std::uint32_t {
  return arm64::mmio_read<std::uint32_t>(device_at(base_) + offset);
}

void Device::write(std::uint64_t offset, std::uint32_t value) const noexcept {
  arm64::mmio_write<std::uint32_t>(device_at(base_) + offset, value);
}

auto Device::id() const noexcept -> std::uint32_t {
  return read(0x000) == kMagic && read(0x004) == 2 ? read(0x008) : 0;
}

auto Device::start(Ipa queue, bool clear) noexcept -> bool {
  queue_ = queue;
  offered_ = 0;
  for (std::uint64_t at = 0; clear && at < kPageSize; at += 8) store<std::uint64_t>(queue + at, 0);
  for (const std::uint32_t status : {0u, 1u, 3u}) write(0x070, status);
  write(0x014, 1);
  const std::uint64_t offered = std::uint64_t{read(0x010)} << 32;
  write(0x024, 1);
  write(0x020, static_cast<std::uint32_t>((offered & kVersion1AndPlatform) >> 32));
  write(0x070, 11);
  if ((read(0x070) & 8) == 0) return false;
  write(0x030, 0);
  write(0x038, kQueueSize);
  const std::uint64_t parts[] = {queue.value(), queue.value() + kAvailable, queue.value() + kUsed};
  for (std::uint64_t i = 0; i < 3; ++i) {
    write(0x080 + 0x10 * i, static_cast<std::uint32_t>(parts[i]));
    write(0x084 + 0x10 * i, static_cast<std::uint32_t>(parts[i] >> 32));
  }
  write(0x044, 1);
  write(0x070, 15);
  return !needs_reset();
}

void Device::describe(std::uint16_t index, const Descriptor& descriptor) const noexcept {
  const Ipa at = queue_ + std::uint64_t{16} * index;
  store<std::uint64_t>(at, descriptor.address.value());
  store<std::uint32_t>(at + 8, descriptor.length);
  store<std::uint16_t>(at + 12, descriptor.flags);
  store<std::uint16_t>(at + 14, descriptor.next);
}

void Device::set_available_index(std::uint16_t value) const noexcept {
  arm64::dmb_sy();
  store<std::uint16_t>(queue_ + kAvailable + 2, value);
  arm64::dmb_sy();
}

void Device::offer(std::uint16_t head) noexcept {
  store<std::uint16_t>(queue_ + kAvailable + 4 + std::uint64_t{2} * (offered_ % kQueueSize), head);
  set_available_index(++offered_);
  write(0x050, 0);
}

auto Device::submit(std::uint16_t head) noexcept -> bool {
  offer(head);
  const bool done = timer::wait_for(kPatience, [this] { return load16(queue_ + kUsed + 2) == offered_; });
  arm64::dmb_sy();
  return done;
}

auto Device::submit_hostile(std::uint16_t head) noexcept -> bool {
  offer(head);
  return timer::wait_for(kPatience, [this] { return needs_reset(); });
}

auto find(std::uint32_t id) noexcept -> Device {
  for (unsigned slot = 0; slot < kSlots; ++slot) {
    const Device device(kFirst + slot * kStride);
    if (device.id() == id) return device;
  }
  return Device(kFirst + (kSlots - 1) * kStride);
}

}  // namespace redoubt::guest::virtio
