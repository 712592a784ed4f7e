// SPDX-License-Identifier: Apache-2.0
#include "vmm/devices/vsock.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace redoubt::vmm {

VirtioVsock::VirtioVsock(std::uint32_t guest_cid, VsockBackend& backend) : backend_(backend) {
  std::memcpy(config_.data(), &guest_cid, sizeof guest_cid);
  backend_.attach(*this);
}

void VirtioVsock::activate(std::uint64_t, Queues queues) {
  receive_ = queues[kReceive];
  transmit_ = queues[kTransmit];
}

void VirtioVsock::reset() {
  receive_ = nullptr;
  transmit_ = nullptr;
  empty_.reset();
  backend_.reset();
}

auto VirtioVsock::run(const std::function<void()>& work) -> bool {
  return host_->run([&] {
    work();
    return exchange();
  });
}

auto VirtioVsock::process(unsigned queue) -> DeviceResult<> {
  return queue == kReceive || queue == kTransmit ? exchange() : DeviceResult<>{};
}

// Packets of the guest call for answers, and answers fetched make room for more packets.
auto VirtioVsock::exchange() -> DeviceResult<> {
  while (true) {
    if (auto taken = take_from_guest(); !taken) return taken;
    const auto delivered = deliver();
    if (!delivered) return std::unexpected{delivered.error()};
    if (!*delivered) return {};
  }
}

auto VirtioVsock::take_from_guest() -> DeviceResult<> {
  while (transmit_ != nullptr && backend_.ready()) {
    auto chain = transmit_->pop();
    if (!chain) return std::unexpected{chain.error()};
    if (!*chain) return {};
    if (auto taken = take_one(**chain); !taken) return taken;
    if (auto pushed = transmit_->push(**chain, 0); !pushed) return pushed;
  }
  return {};
}

auto VirtioVsock::take_one(const Chain& chain) -> DeviceResult<> {
  VsockHeader header{};
  const auto got = chain.readable.read(transmit_->memory(), 0, std::as_writable_bytes(std::span{&header, 1}));
  if (!got) return std::unexpected{got.error()};
  // The lengths of descriptor and packet must agree, or one of the two is a lie.
  if (*got != sizeof header || header.length > kVsockMaxPayload) return std::unexpected{DeviceFault::kBadRequest};
  if (header.length > chain.readable.bytes() - sizeof header) return std::unexpected{DeviceFault::kBadRequest};
  payload_.resize(header.length);
  const auto data = chain.readable.read(transmit_->memory(), sizeof header, payload_);
  if (!data) return std::unexpected{data.error()};
  backend_.handle(header, payload_);
  return {};
}

auto VirtioVsock::deliver() -> DeviceResult<bool> {
  bool any = false;
  while (receive_ != nullptr) {
    if (!empty_) {
      auto chain = receive_->pop();
      if (!chain) return std::unexpected{chain.error()};
      if (!*chain) return any;
      empty_ = std::move(**chain);
    }
    if (empty_->writable.bytes() <= sizeof(VsockHeader)) return std::unexpected{DeviceFault::kBadRequest};
    const std::uint64_t room =
        std::min<std::uint64_t>(empty_->writable.bytes() - sizeof(VsockHeader), kVsockMaxPayload);
    const auto packet = backend_.next(room);
    if (!packet) return any;
    const Chain chain = *std::exchange(empty_, std::nullopt);
    if (auto done = deliver_one(chain, *packet); !done) return std::unexpected{done.error()};
    any = true;
  }
  return any;
}

auto VirtioVsock::deliver_one(const Chain& chain, const VsockPacket& packet) -> DeviceResult<> {
  const auto header = chain.writable.write(receive_->memory(), 0, std::as_bytes(std::span{&packet.header, 1}));
  if (!header) return std::unexpected{header.error()};
  const auto data = chain.writable.write(receive_->memory(), sizeof packet.header, packet.payload);
  if (!data) return std::unexpected{data.error()};
  return receive_->push(chain, static_cast<std::uint32_t>(*header + *data));
}

}  // namespace redoubt::vmm
