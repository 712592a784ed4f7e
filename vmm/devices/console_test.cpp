// SPDX-License-Identifier: Apache-2.0
// Both console devices, and the random number generator, against fake back ends.
#include "vmm/devices/console.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "vmm/devices/pl011.hpp"
#include "vmm/devices/rng.hpp"
#include "vmm/virtio/test_driver.hpp"

namespace redoubt::vmm {
namespace {

using test::kDescWrite;
using test::kRamBase;

constexpr std::uint64_t kBuffer = kRamBase + 0x20000;

struct FakeConsole final : ConsoleBackend {
  auto write(std::span<const std::byte> bytes) -> std::size_t override {
    const std::size_t taken = std::min(bytes.size(), limit - text.size());
    for (const std::byte byte : bytes.first(taken)) text.push_back(static_cast<char>(byte));
    return taken;
  }
  auto room() -> std::size_t override { return limit - text.size(); }
  void input_wanted() override { ++wanted; }
  std::string text;
  std::size_t limit = 1 << 20;
  int wanted = 0;
};

[[nodiscard]] auto bytes_of(const std::string& text) -> std::span<const std::byte> {
  return std::as_bytes(std::span{text});
}

TEST(VirtioConsole, OutputReachesTheBackend) {
  FakeConsole backend;
  VirtioConsole console(backend);
  test::Driver driver(console);
  driver.bring_up();
  driver.poke_text(kBuffer, "hello, world");
  driver.send(1, {{kBuffer, 7, 0, 0}, {kBuffer + 7, 5, 0, 0}});
  EXPECT_EQ(backend.text, "hello, world");
  EXPECT_EQ(driver.used_index(1), 1);
}

TEST(VirtioConsole, AFullBackendHoldsTheChainUntilDrained) {
  FakeConsole backend;
  backend.limit = 5;
  VirtioConsole console(backend);
  test::Driver driver(console);
  driver.bring_up();
  driver.poke_text(kBuffer, "0123456789");
  driver.send(1, {{kBuffer, 10, 0, 0}});
  EXPECT_EQ(backend.text, "01234");
  EXPECT_EQ(driver.used_index(1), 0);
  backend.limit = 100;
  console.output_drained();
  EXPECT_EQ(backend.text, "0123456789");
  EXPECT_EQ(driver.used_index(1), 1);
}

TEST(VirtioConsole, InputFillsBuffersAndWaitsForMore) {
  FakeConsole backend;
  VirtioConsole console(backend);
  test::Driver driver(console);
  EXPECT_EQ(console.receive(bytes_of("early")), 0u) << "no driver yet";
  driver.bring_up();
  driver.send(0, {{kBuffer, 4, kDescWrite, 0}});
  EXPECT_EQ(console.receive(bytes_of("abcdef")), 4u);
  EXPECT_EQ(driver.peek_text(kBuffer, 4), "abcd");
  EXPECT_EQ(driver.used_length(0, 0), 4u);
  EXPECT_EQ(backend.wanted, 0);
  driver.send(0, {{kBuffer, 4, kDescWrite, 0}});
  EXPECT_EQ(backend.wanted, 1);
}

TEST(VirtioConsole, OutputFromPrivateMemoryStopsTheDevice) {
  FakeConsole backend;
  VirtioConsole console(backend);
  test::Driver driver(console);
  driver.bring_up();
  driver.ram.forbid(kBuffer, 0x1000);
  driver.send(1, {{kBuffer, 10, 0, 0}});
  EXPECT_TRUE(driver.needs_reset());
  EXPECT_EQ(backend.text, "");
}

class Uart : public testing::Test {
 protected:
  auto read(std::uint64_t offset) -> std::uint32_t {
    std::uint32_t value = 0;
    uart.read(offset, std::as_writable_bytes(std::span{&value, 1}));
    return value;
  }
  void write(std::uint64_t offset, std::uint32_t value) { uart.write(offset, std::as_bytes(std::span{&value, 1})); }

  test::FakeIrq irq;
  FakeConsole backend;
  Pl011 uart{irq, backend};
};

TEST_F(Uart, HasTheIdentityLinuxLooksFor) {
  EXPECT_EQ(read(0xfe0) | read(0xfe4) << 8 | (read(0xfe8) & 0xf) << 16, 0x41011u);
  EXPECT_EQ(read(0xff0) | read(0xff4) << 8 | read(0xff8) << 16 | read(0xffc) << 24, 0xb105f00du);
}

TEST_F(Uart, TransmitsAndSignalsRoom) {
  write(0x38, 1u << 5);
  EXPECT_FALSE(irq.level);
  write(0x00, 'A');
  EXPECT_EQ(backend.text, "A");
  EXPECT_TRUE(irq.level);
  write(0x44, 1u << 5);
  EXPECT_FALSE(irq.level);
}

TEST_F(Uart, AFullBackendShowsAsFullFifo) {
  backend.limit = 8;
  EXPECT_NE(read(0x18) & (1u << 5), 0u);
  write(0x38, 1u << 5);
  write(0x00, 'A');
  EXPECT_FALSE(irq.level);
  backend.limit = 100;
  uart.output_drained();
  EXPECT_TRUE(irq.level);
  EXPECT_EQ(read(0x18) & (1u << 5), 0u);
}

TEST_F(Uart, ReceivesThroughTheFifoWithBackPressure) {
  write(0x2c, 0x70);  // FIFOs on
  write(0x38, 1u << 4);
  EXPECT_EQ(uart.receive(bytes_of("0123456789abcdefXYZ")), 16u);
  EXPECT_TRUE(irq.level);
  std::string got;
  while ((read(0x18) & (1u << 4)) == 0) got.push_back(static_cast<char>(read(0x00)));
  EXPECT_EQ(got, "0123456789abcdef");
  EXPECT_FALSE(irq.level);
  EXPECT_EQ(backend.wanted, 1);
  EXPECT_EQ(read(0x00), 0u) << "empty";
}

TEST_F(Uart, SurvivesEveryOffsetAndWidth) {
  std::array<std::byte, 8> bytes{};
  for (std::uint64_t offset = 0; offset < 0x1000; ++offset) {
    for (const std::size_t width : {1u, 2u, 4u, 8u}) {
      uart.read(offset, std::span{bytes}.first(width));
      uart.write(offset, std::span{bytes}.first(width));
    }
  }
}

struct CountingSource final : EntropySource {
  auto fill(std::span<std::byte> to) -> bool override {
    if (empty) return false;
    for (std::byte& byte : to) byte = static_cast<std::byte>(++count);
    return true;
  }
  unsigned count = 0;
  bool empty = false;
};

TEST(VirtioRng, FillsWhatWasAskedUpToItsLimit) {
  CountingSource source;
  VirtioRng rng(source);
  test::Driver driver(rng);
  driver.bring_up();
  driver.send(0, {{kBuffer, 4, kDescWrite, 0}, {kBuffer + 0x100, 2, kDescWrite, 0}});
  EXPECT_EQ(driver.used_length(0, 0), 6u);
  EXPECT_EQ(driver.peek_text(kBuffer, 4), "\1\2\3\4");
  EXPECT_EQ(driver.peek_text(kBuffer + 0x100, 2), "\5\6");
  driver.send(0, {{kBuffer, 0x8000, kDescWrite, 0}});
  EXPECT_EQ(driver.used_length(0, 1), 4096u);
  source.empty = true;
  driver.send(0, {{kBuffer, 4, kDescWrite, 0}});
  EXPECT_EQ(driver.used_length(0, 2), 0u);
  driver.send(0, {{kBuffer, 4, 0, 0}});
  EXPECT_EQ(driver.used_length(0, 3), 0u) << "nothing writable";
  EXPECT_FALSE(driver.needs_reset());
}

}  // namespace
}  // namespace redoubt::vmm
