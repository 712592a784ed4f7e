// SPDX-License-Identifier: Apache-2.0
#include "vmm/virtio/test_driver.hpp"

#include <sys/mman.h>

#include <cstdlib>

namespace redoubt::vmm::test {

FakeRam::FakeRam() {
  install_fault_guard();
  void* mapped = ::mmap(nullptr, kRamBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) std::abort();
  start_ = static_cast<std::byte*>(mapped);
}

FakeRam::~FakeRam() { ::munmap(start_, kRamBytes); }

void FakeRam::forbid(std::uint64_t address, std::uint64_t length) const {
  if (::mprotect(start_ + (address - kRamBase), length, PROT_NONE) != 0) std::abort();
}

Driver::Driver(VirtioDevice& device, std::uint64_t shared_bit)
    : memory({RamRegion{Ipa{kRamBase}, ram.bytes()}}, shared_bit),
      transport({.device = device, .memory = memory, .irq = irq}, shared_bit != 0,
                [this](unsigned queue) { transport.notified(queue); }),
      required_features_(kFeatureVersion1 | (shared_bit != 0 ? kFeatureAccessPlatform : 0)),
      offered_(device.queue_sizes().size()) {}

auto Driver::reg(std::uint64_t offset) -> std::uint32_t {
  std::uint32_t value = 0;
  transport.read(offset, std::as_writable_bytes(std::span{&value, 1}));
  return value;
}

void Driver::set(std::uint64_t offset, std::uint32_t value) {
  transport.write(offset, std::as_bytes(std::span{&value, 1}));
}

void Driver::negotiate(std::uint64_t features) {
  set(0x070, 0);
  set(0x070, 1);
  set(0x070, 3);
  for (std::uint32_t half = 0; half < 2; ++half) {
    set(0x024, half);
    set(0x020, static_cast<std::uint32_t>(features >> (32 * half)));
  }
  set(0x070, 11);
}

void Driver::set_queue(std::uint32_t index, const RingPlace& at) {
  set(0x030, index);
  set(0x038, at.size);
  const std::pair<std::uint64_t, std::uint64_t> addresses[] = {{0x080, at.desc}, {0x090, at.avail}, {0x0a0, at.used}};
  for (const auto& [offset, address] : addresses) {
    set(offset, static_cast<std::uint32_t>(address));
    set(offset + 4, static_cast<std::uint32_t>(address >> 32));
  }
  set(0x044, 1);
}

auto Driver::place(unsigned queue) const -> RingPlace {
  RingPlace at;
  at.desc += queue * 0x4000;
  at.avail += queue * 0x4000;
  at.used += queue * 0x4000;
  return at;
}

void Driver::bring_up(std::uint64_t features) {
  negotiate(required_features_ | features);
  for (unsigned queue = 0; queue < offered_.size(); ++queue) {
    std::memset(ram.bytes().data() + 0x1000 + queue * 0x4000, 0, 0x3000);
    offered_[queue] = 0;
    set_queue(queue, place(queue));
  }
  set(0x070, 15);
}

void Driver::put_desc(unsigned queue, std::uint16_t index, Desc desc) {
  poke(place(queue).desc + std::uint64_t{16} * index, desc);
}

void Driver::offer(unsigned queue, std::uint16_t head) {
  const RingPlace at = place(queue);
  poke(at.avail + 4 + std::uint64_t{2} * (offered_[queue] % at.size), head);
  set_avail_index(queue, ++offered_[queue]);
}

void Driver::set_avail_index(unsigned queue, std::uint16_t value) { poke(place(queue).avail + 2, value); }

auto Driver::used_index(unsigned queue) -> std::uint16_t { return peek<std::uint16_t>(place(queue).used + 2); }

auto Driver::used_length(unsigned queue, std::uint16_t slot) -> std::uint32_t {
  return peek<std::uint32_t>(place(queue).used + 4 + std::uint64_t{8} * slot + 4);
}

void Driver::send(unsigned queue, std::initializer_list<Desc> descs) {
  std::uint16_t index = 0;
  for (Desc desc : descs) {
    desc.next = static_cast<std::uint16_t>(index + 1);
    if (index + 1u < descs.size()) desc.flags |= kDescNext;
    put_desc(queue, index++, desc);
  }
  offer(queue, 0);
  set(0x050, queue);
}

void Driver::poke_text(std::uint64_t address, std::string_view text) {
  std::memcpy(ram.bytes().data() + (address - kRamBase), text.data(), text.size());
}

auto Driver::peek_text(std::uint64_t address, std::size_t length) -> std::string {
  std::string text(length, '\0');
  std::memcpy(text.data(), ram.bytes().data() + (address - kRamBase), length);
  return text;
}

}  // namespace redoubt::vmm::test
