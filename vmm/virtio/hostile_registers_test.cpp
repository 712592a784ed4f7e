// SPDX-License-Identifier: Apache-2.0
// What a driver writes into the transport's registers, in any order and at any time.
#include "vmm/virtio/test_recorder.hpp"

namespace redoubt::vmm {
namespace {

using test::kBuffer;
using test::kDescIndirect;
using test::kDescWrite;
using test::kRamBase;
using test::kRamBytes;

using HostileRegisters = test::RecordedDevice;

// CVE-2026-5747 class: every queue register rewritten while the device operates.
TEST_F(HostileRegisters, QueueRegistersAreDeadAfterDriverOk) {
  driver.bring_up();
  driver.set(0x030, 0);
  for (std::uint64_t offset = 0x038; offset < 0x0b0; offset += 4) {
    if (offset == 0x050 || offset == 0x070) continue;
    for (const std::uint32_t value : {0u, 1u, 0x8000u, 0xffffffffu}) driver.set(offset, value);
  }
  EXPECT_EQ(driver.reg(0x044), 1u);
  driver.send(0, {{kBuffer, 16, 0, 0}});
  EXPECT_EQ(device.chains, 1);
  EXPECT_EQ(driver.used_index(0), 1) << "the used ring stayed where it was";
}

TEST_F(HostileRegisters, FeaturesAreDeadAfterFeaturesOk) {
  driver.bring_up();
  driver.set(0x024, 0);
  driver.set(0x020, static_cast<std::uint32_t>(kFeatureIndirectDesc));
  driver.set(0x070, 15);
  EXPECT_EQ(device.activations, 1);
  driver.send(0, {{kBuffer, 16, kDescIndirect, 0}});
  EXPECT_TRUE(driver.needs_reset());
}

TEST_F(HostileRegisters, BadQueueSetUpStopsTheDevice) {
  using test::RingPlace;
  const RingPlace good;
  RingPlace places[10];
  places[0].size = 0;
  places[1].size = 16;  // above the maximum
  places[2].size = 6;   // no power of two
  places[3].desc += 8;
  places[4].avail += 1;
  places[5].used += 2;
  places[6].desc = kRamBase + kRamBytes - 16;
  places[7].avail = 0;
  places[8].used = ~std::uint64_t{3};
  places[9].size = 0xffff;
  for (const RingPlace& place : places) {
    driver.negotiate(kFeatureVersion1);
    driver.set_queue(0, place);
    driver.set(0x070, 15);
    EXPECT_TRUE(driver.needs_reset());
    EXPECT_EQ(device.activations, 0);
  }
  driver.negotiate(kFeatureVersion1);
  driver.set_queue(0, good);
  driver.set(0x070, 15);
  EXPECT_EQ(device.activations, 1);
}

// CVE-2011-2512 class.
TEST_F(HostileRegisters, NotifyOfNoQueueIsIgnored) {
  driver.bring_up();
  for (std::uint32_t queue = 2; queue < 0x10000; ++queue) driver.set(0x050, queue);
  driver.set(0x050, 0xffffffff);
  EXPECT_EQ(device.last_queue, -1);
  EXPECT_FALSE(driver.needs_reset());
}

TEST_F(HostileRegisters, NotifyOfUnconfiguredQueueIsIgnored) {
  driver.negotiate(kFeatureVersion1);
  driver.set_queue(0, driver.place(0));
  driver.set(0x070, 15);
  driver.set(0x050, 1);
  EXPECT_EQ(device.last_queue, -1);
  EXPECT_FALSE(driver.needs_reset());
}

TEST_F(HostileRegisters, NothingRunsBeforeDriverOk) {
  driver.negotiate(kFeatureVersion1);
  driver.set_queue(0, driver.place(0));
  driver.send(0, {{kBuffer, 16, 0, 0}});
  EXPECT_EQ(device.chains, 0);
  driver.set(0x070, 0);
  driver.set(0x070, 7);  // DRIVER_OK without FEATURES_OK
  EXPECT_TRUE(driver.needs_reset());
}

TEST_F(HostileRegisters, UnknownOrMissingFeaturesAreRefused) {
  driver.negotiate(kFeatureVersion1 | (std::uint64_t{1} << 5));
  EXPECT_EQ(driver.reg(0x070) & 8, 0u);
  driver.negotiate(0);
  EXPECT_EQ(driver.reg(0x070) & 8, 0u) << "a legacy driver";
}

TEST_F(HostileRegisters, RegistersAnswerEveryOffsetAndWidth) {
  driver.bring_up();
  std::array<std::byte, 8> bytes{};
  for (std::uint64_t offset = 0; offset < 0x200; ++offset) {
    for (const std::size_t width : {1u, 2u, 4u, 8u}) {
      driver.transport.read(offset, std::span{bytes}.first(width));
      if (offset != 0x070 && offset != 0x050) driver.transport.write(offset, std::span{bytes}.first(width));
    }
  }
  driver.transport.read(0x102, std::span{bytes}.first(4));
  EXPECT_EQ(bytes[0], std::byte{3});
  EXPECT_EQ(bytes[2], std::byte{0}) << "beyond the configuration space";
}

TEST_F(HostileRegisters, ResetInTheMiddleStartsAfresh) {
  driver.bring_up();
  driver.put_desc(0, 0, {kBuffer, 16, 0, 0});
  driver.offer(0, 0);
  driver.set(0x070, 0);
  driver.set(0x050, 0);
  EXPECT_EQ(device.chains, 0);
  EXPECT_EQ(driver.reg(0x060), 0u);
  EXPECT_EQ(driver.reg(0x044), 0u);
}

TEST(HostileProtectedDriver, SharedBitIsStrippedAndPlatformAccessRequired) {
  constexpr std::uint64_t kShared = std::uint64_t{1} << 33;
  test::Recorder device;
  test::Driver driver(device, kShared);
  driver.negotiate(kFeatureVersion1);
  EXPECT_EQ(driver.reg(0x070) & 8, 0u) << "without the DMA API its addresses would be private";
  driver.bring_up();
  driver.send(0, {{kBuffer | kShared, 16, 0, 0}, {kBuffer, 16, kDescWrite, 0}});
  EXPECT_EQ(device.chains, 1);
  EXPECT_FALSE(driver.needs_reset());
  driver.send(0, {{kBuffer | kShared << 1, 16, 0, 0}});
  EXPECT_TRUE(driver.needs_reset());
}

TEST(HostileProtectedDriver, RingsInPrivateMemoryStopTheDevice) {
  test::Recorder device;
  test::Driver driver(device, std::uint64_t{1} << 33);
  for (const std::uint64_t page : {kRamBase + 0x1000, kRamBase + 0x2000}) {
    test::Driver fresh(device, std::uint64_t{1} << 33);
    fresh.bring_up();
    fresh.put_desc(0, 0, {kBuffer, 16, 0, 0});
    fresh.offer(0, 0);
    fresh.ram.forbid(page, 0x1000);
    fresh.set(0x050, 0);
    EXPECT_TRUE(fresh.needs_reset());
  }
  EXPECT_EQ(device.chains, 0);
}

}  // namespace
}  // namespace redoubt::vmm
