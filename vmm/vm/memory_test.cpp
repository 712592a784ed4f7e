// SPDX-License-Identifier: Apache-2.0
// Guest memory, the fault guard, the bus and the event loop.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "vmm/vm/event_loop.hpp"
#include "vmm/vm/failure.hpp"
#include "vmm/vm/guest_memory.hpp"
#include "vmm/vm/mmio_bus.hpp"
#include "vmm/vm/ram.hpp"

namespace redoubt::vmm {
namespace {

constexpr std::uint64_t kShared = std::uint64_t{1} << 33;

TEST(GuestMemory, RangesStayInsideOneRegion) {
  std::array<std::byte, 64> low{};
  std::array<std::byte, 64> high{};
  // Adjacent regions: a range over both is refused, because host memory need not be adjacent.
  const GuestMemory memory({{Ipa{0x1000}, low}, {Ipa{0x1040}, high}}, 0);
  EXPECT_TRUE(memory.host_range(Ipa{0x1000}, 64));
  EXPECT_TRUE(memory.host_range(Ipa{0x107f}, 1));
  EXPECT_FALSE(memory.host_range(Ipa{0x1000}, 65));
  EXPECT_FALSE(memory.host_range(Ipa{0x103f}, 2));
  EXPECT_FALSE(memory.host_range(Ipa{0xfff}, 1));
  EXPECT_FALSE(memory.host_range(Ipa{0x1080}, 1));
  EXPECT_FALSE(memory.host_range(Ipa{0x1010}, 0));
  EXPECT_FALSE(memory.host_range(Ipa{0x1010}, ~std::uint64_t{0}));
  EXPECT_FALSE(memory.host_range(Ipa{~std::uint64_t{0}}, 2));
  EXPECT_FALSE(memory.host_range(Ipa{kShared | 0x1000}, 1)) << "an ordinary guest has no alias";
}

TEST(GuestMemory, SharedBitNamesTheSameByte) {
  std::array<std::byte, 64> ram{};
  const GuestMemory memory({{Ipa{0x1000}, ram}}, kShared);
  EXPECT_EQ(memory.host_range(Ipa{kShared | 0x1008}, 1)->data(), &ram[8]);
  EXPECT_TRUE(memory.store16(Ipa{kShared | 0x1008}, 0x1234));
  EXPECT_EQ(*memory.load16(Ipa{0x1008}), 0x1234);
}

// A page beyond the end of its file raises SIGBUS, as a donated page does under Redoubt.
TEST(GuardedCopy, SigbusIsAnAnswerNotADeath) {
  install_fault_guard();
  const UniqueFd file{::memfd_create("short", MFD_CLOEXEC)};
  ASSERT_EQ(::ftruncate(file.get(), 4096), 0);
  auto* pages = static_cast<std::byte*>(::mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0));
  const GuestMemory memory({{Ipa{0}, std::span{pages, 8192}}}, 0);
  std::array<std::byte, 16> bytes{};
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(memory.read(Ipa{4096}, bytes).error(), MemoryFault::kForbidden);
    EXPECT_EQ(memory.write(Ipa{4090}, bytes).error(), MemoryFault::kForbidden) << "crosses into it";
    EXPECT_EQ(memory.load16(Ipa{4096}).error(), MemoryFault::kForbidden);
    EXPECT_EQ(memory.store16(Ipa{8190}, 1).error(), MemoryFault::kForbidden);
    EXPECT_TRUE(memory.read(Ipa{4000}, bytes));
  }
  std::thread([&] { EXPECT_FALSE(memory.read(Ipa{4096}, bytes)); }).join();
  ::munmap(pages, 8192);
}

TEST(GuardedCopyDeathTest, AFaultElsewhereStillKills) {
  EXPECT_DEATH(
      {
        install_fault_guard();
        auto* nowhere =
            static_cast<volatile int*>(::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        *nowhere = 1;
      },
      "");
}

TEST(Ram, IsZeroAlignedAndLargeEnough) {
  const Ram ram(32 << 20);
  EXPECT_EQ(ram.bytes().size(), 32u << 20);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(ram.bytes().data()) % (2 << 20), 0u);
  EXPECT_EQ(ram.bytes().front(), std::byte{0});
  EXPECT_EQ(ram.bytes().back(), std::byte{0});
}

struct Register final : MmioDevice {
  void read(std::uint64_t offset, std::span<std::byte> to) override { to[0] = static_cast<std::byte>(offset + 1); }
  void write(std::uint64_t offset, std::span<const std::byte>) override { last = offset; }
  std::uint64_t last = ~std::uint64_t{0};
};

TEST(MmioBus, FindsTheDeviceAndOnlyIt) {
  MmioBus bus;
  Register first;
  Register second;
  bus.add(Ipa{0x2000}, 0x100, second);
  bus.add(Ipa{0x1000}, 0x100, first);
  std::byte byte{0xff};
  bus.read(Ipa{0x1000}, {&byte, 1});
  EXPECT_EQ(byte, std::byte{1});
  bus.read(Ipa{0x20ff}, {&byte, 1});
  EXPECT_EQ(byte, std::byte{0});
  for (const std::uint64_t nothing :
       {std::uint64_t{0}, std::uint64_t{0x1100}, std::uint64_t{0x2100}, ~std::uint64_t{0}}) {
    byte = std::byte{0xff};
    bus.read(Ipa{nothing}, {&byte, 1});
    EXPECT_EQ(byte, std::byte{0});
  }
  std::array<std::byte, 8> wide{};
  bus.write(Ipa{0x10fc}, wide);
  EXPECT_EQ(first.last, ~std::uint64_t{0}) << "an access over the end of a window reaches nobody";
  bus.write(Ipa{0x10f8}, wide);
  EXPECT_EQ(first.last, 0xf8u);
}

TEST(MmioBus, RefusesOverlap) {
  MmioBus bus;
  Register device;
  bus.add(Ipa{0x1000}, 0x100, device);
  EXPECT_THROW(bus.add(Ipa{0x10ff}, 1, device), Failure);
  EXPECT_THROW(bus.add(Ipa{0xf01}, 0x100, device), Failure);
  bus.add(Ipa{0x1100}, 1, device);
}

TEST(EventLoop, RunsHandlersPostsAndStops) {
  EventLoop loop;
  const UniqueFd event{::eventfd(1, EFD_CLOEXEC)};
  int seen = 0;
  EXPECT_TRUE(loop.add(event.get(), EPOLLIN, [&](std::uint32_t) {
    ++seen;
    loop.remove(event.get());
    loop.post([&] { loop.stop(); });
  }));
  loop.run();
  EXPECT_EQ(seen, 1);
}

TEST(EventLoop, RegularFilesCannotBeWaitedFor) {
  EventLoop loop;
  const UniqueFd file{::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
  EXPECT_FALSE(loop.add(file.get(), EPOLLIN, [](std::uint32_t) {}));
}

TEST(EventLoop, StopFromAnotherThreadEndsIt) {
  EventLoop loop;
  std::thread other([&] { loop.stop(); });
  loop.run();
  other.join();
}

}  // namespace
}  // namespace redoubt::vmm
