// SPDX-License-Identifier: Apache-2.0
// For tests: a device that records what it was given, and a fixture that drives it.
#pragma once

#include <gtest/gtest.h>

#include <array>

#include "vmm/virtio/test_driver.hpp"

namespace redoubt::vmm::test {

inline constexpr std::uint64_t kBuffer = kRamBase + 0x20000;

// Pops everything and completes it at once.
struct Recorder final : VirtioDevice {
  [[nodiscard]] auto id() const -> std::uint32_t override { return 42; }
  [[nodiscard]] auto features() const -> std::uint64_t override { return 0; }
  [[nodiscard]] auto queue_sizes() const -> std::span<const std::uint16_t> override { return kSizes; }
  [[nodiscard]] auto config() const -> std::span<const std::byte> override { return kConfig; }
  void connect(DeviceHost&) override {}
  void activate(std::uint64_t, Queues given) override {
    queues = given;
    ++activations;
  }
  [[nodiscard]] auto process(unsigned queue) -> DeviceResult<> override {
    last_queue = static_cast<int>(queue);
    while (true) {
      auto chain = queues[queue]->pop();
      if (!chain) return std::unexpected{chain.error()};
      if (!*chain) return {};
      readable += (*chain)->readable.bytes();
      writable += (*chain)->writable.bytes();
      ++chains;
      if (auto pushed = queues[queue]->push(**chain, 0); !pushed) return pushed;
    }
  }
  void reset() override {
    queues = {};
    ++resets;
  }

  static constexpr std::array<std::uint16_t, 2> kSizes{8, 8};
  static constexpr std::array<std::byte, 4> kConfig{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  Queues queues;
  int activations = 0;
  int resets = 0;
  int chains = 0;
  int last_queue = -1;
  std::uint64_t readable = 0;
  std::uint64_t writable = 0;
};

class RecordedDevice : public testing::Test {
 protected:
  Recorder device;
  Driver driver{device};

  void expect_stopped() {
    EXPECT_TRUE(driver.needs_reset());
    EXPECT_EQ(driver.reg(0x060) & 2, 2u) << "no configuration interrupt";
    EXPECT_EQ(device.chains, 0);
    driver.bring_up();
    EXPECT_FALSE(driver.needs_reset()) << "a reset must bring the device back";
    driver.send(0, {{kBuffer, 16, 0, 0}});
    EXPECT_EQ(device.chains, 1);
  }
};

}  // namespace redoubt::vmm::test
