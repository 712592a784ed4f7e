// SPDX-License-Identifier: Apache-2.0
// What a driver writes into rings and descriptors must neither crash nor mislead a device.
#include "vmm/virtio/test_recorder.hpp"

namespace redoubt::vmm {
namespace {

using test::Desc;
using test::kBuffer;
using test::kDescIndirect;
using test::kDescNext;
using test::kDescWrite;
using test::kRamBase;
using test::kRamBytes;

using HostileRing = test::RecordedDevice;

TEST_F(HostileRing, AWellBehavedDriverIsServed) {
  driver.bring_up();
  driver.send(0, {{kBuffer, 16, 0, 0}, {kBuffer + 16, 32, kDescWrite, 0}});
  EXPECT_EQ(device.chains, 1);
  EXPECT_EQ(device.readable, 16u);
  EXPECT_EQ(device.writable, 32u);
  EXPECT_EQ(driver.used_index(0), 1);
  EXPECT_EQ(driver.irq.pulses, 1);
  EXPECT_EQ(driver.reg(0x060), 1u);
  driver.set(0x064, 1);
  EXPECT_EQ(driver.reg(0x060), 0u);
}

// CVE-2016-5403 class: loops and over-long chains.
TEST_F(HostileRing, DescriptorLoopStopsTheDevice) {
  driver.bring_up();
  driver.put_desc(0, 0, {kBuffer, 16, kDescNext, 1});
  driver.put_desc(0, 1, {kBuffer, 16, kDescNext, 0});
  driver.offer(0, 0);
  driver.set(0x050, 0);
  expect_stopped();
}

TEST_F(HostileRing, SelfLoopStopsTheDevice) {
  driver.bring_up();
  driver.put_desc(0, 3, {kBuffer, 16, kDescNext, 3});
  driver.offer(0, 3);
  driver.set(0x050, 0);
  expect_stopped();
}

TEST_F(HostileRing, NextBeyondTheTableStopsTheDevice) {
  driver.bring_up();
  driver.put_desc(0, 0, {kBuffer, 16, kDescNext, 8});
  driver.offer(0, 0);
  driver.set(0x050, 0);
  expect_stopped();
}

TEST_F(HostileRing, HeadBeyondTheTableStopsTheDevice) {
  driver.bring_up();
  driver.offer(0, 0xffff);
  driver.set(0x050, 0);
  expect_stopped();
}

TEST_F(HostileRing, AvailIndexTooFarAheadStopsTheDevice) {
  driver.bring_up();
  driver.put_desc(0, 0, {kBuffer, 16, 0, 0});
  driver.set_avail_index(0, 9);
  driver.set(0x050, 0);
  expect_stopped();
}

TEST_F(HostileRing, WrongOrderAndEmptyBuffersStopTheDevice) {
  for (const auto& [first, second] : {std::pair{Desc{kBuffer, 16, kDescWrite, 0}, Desc{kBuffer, 16, 0, 0}},
                                      std::pair{Desc{kBuffer, 16, 0, 0}, Desc{kBuffer, 0, 0, 0}}}) {
    driver.bring_up();
    device.chains = 0;
    driver.send(0, {first, second});
    expect_stopped();
  }
}

// CVE-2019-18960 class: buffers at and across the end of RAM, sums that wrap.
TEST_F(HostileRing, BuffersOutsideRamStopTheDevice) {
  constexpr std::uint64_t kEnd = kRamBase + kRamBytes;
  const Desc outside[] = {{kEnd - 15, 16, 0, 0},         {kEnd, 1, 0, 0},
                          {kRamBase - 1, 2, 0, 0},       {0, 16, 0, 0},
                          {~std::uint64_t{0}, 16, 0, 0}, {~std::uint64_t{0} - 15, 16, 0, 0},
                          {kRamBase, 0xffffffff, 0, 0},  {0x0a000000, 4, kDescWrite, 0}};
  for (const Desc& desc : outside) {
    SCOPED_TRACE(testing::Message() << std::hex << desc.address << "+" << desc.length);
    driver.bring_up();
    device.chains = 0;
    driver.send(0, {desc});
    expect_stopped();
  }
  driver.bring_up();
  driver.send(0, {{kEnd - 16, 16, 0, 0}});
  EXPECT_FALSE(driver.needs_reset()) << "the last bytes of RAM are RAM";
}

TEST_F(HostileRing, IndirectNeedsNegotiationAndSaneTables) {
  driver.bring_up();
  driver.send(0, {{kBuffer, 16, kDescIndirect, 0}});
  expect_stopped();

  const Desc bad[] = {{kBuffer, 0, kDescIndirect, 0},
                      {kBuffer, 17, kDescIndirect, 0},
                      {kBuffer, 16, kDescIndirect | kDescNext, 1},
                      {kRamBase + kRamBytes - 8, 16, kDescIndirect, 0}};
  for (const Desc& desc : bad) {
    driver.bring_up(kFeatureIndirectDesc);
    device.chains = 0;
    driver.poke(kBuffer, Desc{kBuffer + 0x1000, 4, 0, 0});
    driver.put_desc(0, 0, desc);
    driver.offer(0, 0);
    driver.set(0x050, 0);
    expect_stopped();
  }
}

TEST_F(HostileRing, IndirectTablesNeitherNestNorLoop) {
  for (const Desc& inner : {Desc{kBuffer, 16, kDescIndirect, 0}, Desc{kBuffer + 0x1000, 4, kDescNext, 0}}) {
    driver.bring_up(kFeatureIndirectDesc);
    device.chains = 0;
    driver.poke(kBuffer, inner);
    driver.send(0, {{kBuffer, 16, kDescIndirect, 0}});
    expect_stopped();
  }
}

TEST_F(HostileRing, IndirectChainIsServed) {
  driver.bring_up(kFeatureIndirectDesc);
  driver.poke(kBuffer, Desc{kBuffer + 0x1000, 4, kDescNext, 1});
  driver.poke(kBuffer + 16, Desc{kBuffer + 0x2000, 8, kDescWrite, 0});
  driver.send(0, {{kBuffer, 32, kDescIndirect, 0}});
  EXPECT_EQ(device.readable, 4u);
  EXPECT_EQ(device.writable, 8u);
}

// The driver wants one interrupt, when the third buffer is used.
TEST_F(HostileRing, EventIndexHoldsInterruptsBack) {
  driver.bring_up(kFeatureEventIdx);
  const test::RingPlace at = driver.place(0);
  driver.poke<std::uint16_t>(at.avail + 4 + 2 * at.size, 2);
  for (int i = 0; i < 4; ++i) {
    driver.send(0, {{kBuffer, 16, 0, 0}});
    EXPECT_EQ(driver.irq.pulses, i < 2 ? 0 : 1);
    EXPECT_EQ(driver.peek<std::uint16_t>(at.used + 4 + 8 * at.size), i + 1) << "asks for a doorbell at the next buffer";
  }
}

TEST_F(HostileRing, NoInterruptFlagIsHonoured) {
  driver.bring_up();
  driver.poke<std::uint16_t>(driver.place(0).avail, 1);
  driver.send(0, {{kBuffer, 16, 0, 0}});
  EXPECT_EQ(driver.used_index(0), 1);
  EXPECT_EQ(driver.irq.pulses, 0);
}

TEST_F(HostileRing, IndicesWrapAt65536) {
  driver.bring_up();
  for (int i = 0; i < 0x10000 + 10; ++i) driver.send(0, {{kBuffer, 1, 0, 0}});
  EXPECT_EQ(device.chains, 0x10000 + 10);
  EXPECT_EQ(driver.used_index(0), 10);
}

// Double completion cannot be provoked: the same head twice in one batch.
TEST_F(HostileRing, SameHeadTwiceIsTwoRequestsOnlyAfterCompletion) {
  driver.bring_up();
  driver.put_desc(0, 0, {kBuffer, 16, 0, 0});
  driver.offer(0, 0);
  driver.offer(0, 0);
  auto queue = Queue::make(driver.memory,
                           {.size = 8,
                            .descriptors = Ipa{driver.place(0).desc},
                            .available = Ipa{driver.place(0).avail},
                            .used = Ipa{driver.place(0).used}},
                           8, 0);
  ASSERT_TRUE(queue);
  auto first = queue->pop();
  ASSERT_TRUE(first && *first);
  EXPECT_EQ(queue->pop().error(), DeviceFault::kBadRing);
  EXPECT_TRUE(queue->push(**first, 0));
  EXPECT_EQ(queue->push(**first, 0).error(), DeviceFault::kBadRing);
}

}  // namespace
}  // namespace redoubt::vmm
