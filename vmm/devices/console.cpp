// SPDX-License-Identifier: Apache-2.0
#include "vmm/devices/console.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace redoubt::vmm {

void VirtioConsole::activate(std::uint64_t, Queues queues) {
  receive_ = queues[kReceive];
  transmit_ = queues[kTransmit];
}

void VirtioConsole::reset() {
  receive_ = nullptr;
  transmit_ = nullptr;
  output_.reset();
}

auto VirtioConsole::process(unsigned queue) -> DeviceResult<> {
  if (queue == kTransmit) return transmit();
  // New receive buffers.
  if (std::exchange(starved_backend_, false)) backend_.input_wanted();
  return {};
}

auto VirtioConsole::transmit() -> DeviceResult<> {
  while (true) {
    if (!output_) {
      auto chain = transmit_->pop();
      if (!chain) return std::unexpected{chain.error()};
      if (!*chain) return {};
      output_ = Output{std::move(**chain), 0};
    }
    const DeviceResult<bool> all = transmit_one();
    if (!all) return std::unexpected{all.error()};
    if (!*all) return {};  // output_drained() goes on
    const Output finished = *std::exchange(output_, std::nullopt);
    if (auto pushed = transmit_->push(finished.chain, 0); !pushed) return pushed;
  }
}

auto VirtioConsole::transmit_one() -> DeviceResult<bool> {
  std::array<std::byte, 4096> bytes{};
  while (output_->done < output_->chain.readable.bytes()) {
    const auto got = output_->chain.readable.read(transmit_->memory(), output_->done, bytes);
    if (!got) return std::unexpected{got.error()};
    const std::size_t taken = backend_.write(std::span{bytes}.first(*got));
    output_->done += taken;
    if (taken < *got) return false;
  }
  return true;
}

auto VirtioConsole::receive(std::span<const std::byte> bytes) -> std::size_t {
  std::size_t taken = 0;
  host_->run([&] { return give_input(bytes, taken); });
  return taken;
}

auto VirtioConsole::give_input(std::span<const std::byte> bytes, std::size_t& taken) -> DeviceResult<> {
  while (taken < bytes.size() && receive_ != nullptr) {
    auto chain = receive_->pop();
    if (!chain) return std::unexpected{chain.error()};
    if (!*chain) break;
    const auto stored = (*chain)->writable.write(receive_->memory(), 0, bytes.subspan(taken));
    if (!stored) return std::unexpected{stored.error()};
    taken += *stored;
    if (auto pushed = receive_->push(**chain, static_cast<std::uint32_t>(*stored)); !pushed) return pushed;
  }
  starved_backend_ = taken < bytes.size();
  return {};
}

void VirtioConsole::output_drained() {
  host_->run([&]() -> DeviceResult<> { return transmit_ == nullptr ? DeviceResult<>{} : transmit(); });
}

}  // namespace redoubt::vmm
