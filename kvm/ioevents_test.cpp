// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "kvm/ioevents.hpp"

#include <gtest/gtest.h>

namespace redoubt::kvm {
namespace {

constexpr Ipa kNotify{0x0a00'0050};

auto event(std::uint32_t bytes, IoeventHandle handle) {
  return Ioevent{.address = kNotify, .bytes = bytes, .match_data = false, .data = 0, .handle = handle};
}
auto matching(std::uint32_t bytes, std::uint64_t data, IoeventHandle handle) {
  return Ioevent{.address = kNotify, .bytes = bytes, .match_data = true, .data = data, .handle = handle};
}

TEST(Ioevents, MatchesAddressWidthAndData) {
  Ioevents table;
  ASSERT_TRUE(table.add(matching(4, 0, 10)));
  ASSERT_TRUE(table.add(matching(4, 1, 11)));
  EXPECT_EQ(table.match(kNotify, 4, 0), 10U);
  EXPECT_EQ(table.match(kNotify, 4, 1), 11U);
  EXPECT_EQ(table.match(kNotify, 4, 2), std::nullopt);
  EXPECT_EQ(table.match(kNotify, 2, 0), std::nullopt);
  EXPECT_EQ(table.match(kNotify + 4, 4, 0), std::nullopt);
}

TEST(Ioevents, OnlyTheBytesWrittenAreCompared) {
  Ioevents table;
  ASSERT_TRUE(table.add(matching(2, 0xdead'0001, 1)));
  EXPECT_EQ(table.match(kNotify, 2, 0xbeef'0001), 1U);
  EXPECT_EQ(table.add(matching(2, 0x1234'0001, 2)).error(), Errno::kExist);
}

TEST(Ioevents, WidthZeroTakesAnyWidth) {
  Ioevents table;
  ASSERT_TRUE(table.add(event(0, 5)));
  for (const std::uint32_t bytes : {1U, 2U, 4U, 8U}) EXPECT_EQ(table.match(kNotify, bytes, 99), 5U);
  EXPECT_EQ(table.add(event(4, 6)).error(), Errno::kExist);
}

TEST(Ioevents, RefusesMalformed) {
  Ioevents table;
  EXPECT_EQ(table.add(event(3, 0)).error(), Errno::kInval);
  EXPECT_EQ(table.add(event(16, 0)).error(), Errno::kInval);
  EXPECT_EQ(table.add(matching(0, 1, 0)).error(), Errno::kInval);
}

TEST(Ioevents, RemovesExactlyTheOneNamed) {
  Ioevents table;
  ASSERT_TRUE(table.add(matching(4, 0, 10)));
  ASSERT_TRUE(table.add(matching(4, 1, 11)));
  EXPECT_EQ(table.remove(event(4, 0)).error(), Errno::kNoEnt);
  EXPECT_EQ(table.remove(matching(4, 0, 0)), 10U);
  EXPECT_EQ(table.match(kNotify, 4, 0), std::nullopt);
  EXPECT_EQ(table.match(kNotify, 4, 1), 11U);
}

TEST(Ioevents, IsBounded) {
  Ioevents table;
  for (std::size_t i = 0; i < kMaxIoevents; ++i) ASSERT_TRUE(table.add(matching(4, i, 0)));
  EXPECT_EQ(table.add(matching(4, kMaxIoevents, 0)).error(), Errno::kNoSpc);
}

}  // namespace
}  // namespace redoubt::kvm
