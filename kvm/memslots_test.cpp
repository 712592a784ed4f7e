// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "kvm/memslots.hpp"

#include <gtest/gtest.h>

namespace redoubt::kvm {
namespace {

constexpr Ipa kLimit{std::uint64_t{1} << 33U};

auto request(std::uint32_t id, std::uint64_t ipa, std::uint64_t bytes, std::uint64_t hva = 0x7f00'0000'0000) {
  return MemslotRequest{.id = id, .flags = 0, .ipa = ipa, .bytes = bytes, .hva = hva};
}

void put(Memslots& slots, const MemslotRequest& what) {
  const auto change = slots.change(what);
  ASSERT_TRUE(change);
  slots.commit(*change);
}

TEST(Memslots, FindsOnlyWhatIsInside) {
  Memslots slots{kLimit};
  put(slots, request(0, 0x4000'0000, 0x20'0000));
  put(slots, request(1, 0x1000, 0x1000, 0x10'0000));
  EXPECT_EQ(slots.find(Gfn{0}), nullptr);
  ASSERT_NE(slots.find(Gfn{1}), nullptr);
  EXPECT_EQ(slots.find(Gfn{1})->id, 1U);
  EXPECT_EQ(slots.find(Gfn{2}), nullptr);
  EXPECT_EQ(slots.find(Gfn{0x3'ffff}), nullptr);
  ASSERT_NE(slots.find(Gfn{0x4'01ff}), nullptr);
  EXPECT_EQ(slots.find(Gfn{0x4'01ff})->hva_of(Gfn{0x4'01ff}).value(), 0x7f00'001f'f000U);
  EXPECT_EQ(slots.find(Gfn{0x4'0200}), nullptr);
  EXPECT_EQ(slots.at(0)->id, 1U);  // ascending by address, not by id
  EXPECT_EQ(slots.at(1)->id, 0U);
  EXPECT_EQ(slots.at(2), nullptr);
  EXPECT_EQ(slots.total_pages(), 0x201U);
}

TEST(Memslots, RefusesMalformedRegions) {
  const Memslots slots{kLimit};
  EXPECT_EQ(slots.change(request(0, 0x800, 0x1000)).error(), Errno::kInval);
  EXPECT_EQ(slots.change(request(0, 0, 0x1001)).error(), Errno::kInval);
  EXPECT_EQ(slots.change(request(0, 0, 0x1000, 0x123)).error(), Errno::kInval);
  EXPECT_EQ(slots.change(request(kMaxMemslots, 0, 0x1000)).error(), Errno::kInval);
  EXPECT_EQ(slots.change(request(1U << 16U, 0, 0x1000)).error(), Errno::kInval);
  EXPECT_EQ(slots.change(request(0, kLimit.value(), 0x1000)).error(), Errno::kInval);
  EXPECT_EQ(slots.change(request(0, kLimit.value() - 0x1000, 0x2000)).error(), Errno::kInval);
  EXPECT_EQ(slots.change(request(0, 0x1000, ~std::uint64_t{0xfff})).error(), Errno::kInval);  // wraps
  EXPECT_EQ(slots.change(request(0, 0, 0x2000, ~std::uint64_t{0xfff})).error(), Errno::kInval);
  EXPECT_EQ(slots.change(request(0, 0, 0)).error(), Errno::kInval);  // deletion of nothing
  MemslotRequest dirty = request(0, 0, 0x1000);
  dirty.flags = kMemslotLogDirty;
  EXPECT_EQ(slots.change(dirty).error(), Errno::kInval);
  EXPECT_TRUE(slots.change(request(0, kLimit.value() - 0x1000, 0x1000)));
}

TEST(Memslots, RefusesOverlapAndResize) {
  Memslots slots{kLimit};
  put(slots, request(3, 0x10000, 0x4000));
  EXPECT_EQ(slots.change(request(4, 0x13000, 0x1000)).error(), Errno::kExist);
  EXPECT_EQ(slots.change(request(4, 0xf000, 0x2000)).error(), Errno::kExist);
  EXPECT_TRUE(slots.change(request(4, 0x14000, 0x1000)));
  EXPECT_TRUE(slots.change(request(4, 0xf000, 0x1000)));
  EXPECT_EQ(slots.change(request(3, 0x10000, 0x5000)).error(), Errno::kInval);
  EXPECT_EQ(slots.change(request(3, 0x10000, 0x4000, 0x1000)).error(), Errno::kInval);
}

TEST(Memslots, MovesAndDeletes) {
  Memslots slots{kLimit};
  put(slots, request(0, 0x10000, 0x4000));
  const auto same = slots.change(request(0, 0x10000, 0x4000));
  ASSERT_TRUE(same);
  EXPECT_FALSE(same->removed || same->added);
  const auto move = slots.change(request(0, 0x12000, 0x4000));  // over its own old place
  ASSERT_TRUE(move && move->removed && move->added);
  EXPECT_EQ(move->removed->first.value(), 0x10U);
  slots.commit(*move);
  EXPECT_EQ(slots.find(Gfn{0x11}), nullptr);
  EXPECT_NE(slots.find(Gfn{0x15}), nullptr);
  put(slots, request(0, 0, 0));
  EXPECT_EQ(slots.find(Gfn{0x15}), nullptr);
  EXPECT_EQ(slots.at(0), nullptr);
}

TEST(Memslots, FlagChangeRemapsTheSlot) {
  Memslots slots{kLimit};
  put(slots, request(0, 0x10000, 0x4000));
  MemslotRequest readonly = request(0, 0x10000, 0x4000);
  readonly.flags = kMemslotReadonly;
  const auto change = slots.change(readonly);
  ASSERT_TRUE(change && change->removed && change->added);
  slots.commit(*change);
  EXPECT_TRUE(slots.find(Gfn{0x10})->readonly());
}

TEST(Memslots, HoldsAsManyAsItSays) {
  Memslots slots{kLimit};
  for (std::uint32_t id = 0; id < kMaxMemslots; ++id) put(slots, request(id, (kMaxMemslots - id) * 0x2000ULL, 0x1000));
  for (std::uint32_t id = 0; id < kMaxMemslots; ++id) {
    ASSERT_NE(slots.find(Gfn{(kMaxMemslots - id) * 2}), nullptr);
    EXPECT_EQ(slots.find(Gfn{(kMaxMemslots - id) * 2})->id, id);
    EXPECT_EQ(slots.find(Gfn{(kMaxMemslots - id) * 2 + 1}), nullptr);
  }
}

}  // namespace
}  // namespace redoubt::kvm
