// SPDX-License-Identifier: Apache-2.0
#include "core/stage2/host_builder.hpp"

#include "core/testing/core_world.hpp"

namespace redoubt::core {
namespace {

using Pages = std::vector<Pfn>;

class Builder : public testing::Test {
 protected:
  Builder() {
    EXPECT_TRUE(db.add_region(Pfn{0x200}, 1024));
    EXPECT_TRUE(db.add_region(Pfn{0x640}, 64));
    EXPECT_TRUE(db.add_region(Pfn{0x690}, 16));
    world.give_to_hyp(kOwn, 256);
  }
  auto build(std::vector<MmioWindow> windows, unsigned ipa_bits = 40) -> Result<HostTables> {
    auto alloc = [this](std::uint64_t pages) noexcept -> Result<Pa> {
      if (budget < pages) return Unexpected{Error::NO_MEMORY};
      budget -= pages;
      next = Pfn{(next.value() + pages - 1) & ~(pages - 1)};
      const Pfn first = next;
      next = next + pages;
      return pa_of(first);
    };
    const HostLayout layout{ipa_bits, pa_of(kOwn), std::span{mapped}, false};
    auto tables = build_host_tables(machine, db, layout, std::span<const MmioWindow>{windows}, alloc);
    if (tables) world.bbm.add_root(kHostVmid, tables->root, tables->geometry.start, tables->geometry.root_tables);
    return tables;
  }
  auto sees(std::uint64_t frame) -> Pages { return world.bbm.reachable(kHostVmid, frame); }

  static constexpr Pfn kOwn{0x700};
  host::FakeWorld world{Pfn{0x200}, 0x800};
  host::FakeMachine machine{world};
  std::vector<PageEntry> entries = std::vector<PageEntry>(1104);
  std::vector<std::uint16_t> mapped = std::vector<std::uint16_t>(3);
  PageDb db{std::span{entries}};
  Pfn next = kOwn + 3;
  std::uint64_t budget = 200;
};

TEST_F(Builder, good_ram_is_identity_and_the_rest_absent) {
  EXPECT_EQ(db.blocks(), 3U) << "two regions share the third block";
  EXPECT_TRUE(db.pin_for_hyp(Pfn{0x3ff}, 1));
  const auto tables = build({{Pfn{0x9000}, 1}});
  ASSERT_TRUE(tables);
  EXPECT_EQ(world.bbm.violations(), std::vector<std::string>{});
  EXPECT_EQ(mapped, (std::vector<std::uint16_t>{511, 512, 80}));
  for (const std::uint64_t pfn : {0x200, 0x3fe, 0x400, 0x5ff, 0x640, 0x67f, 0x690, 0x69f}) {
    EXPECT_EQ(sees(pfn), Pages{Pfn{pfn}}) << pfn;
  }
  for (const std::uint64_t pfn : {0x1ff, 0x3ff, 0x600, 0x63f, 0x680, 0x68f, 0x6a0, 0x700, 0x9001}) {
    EXPECT_EQ(sees(pfn), Pages{}) << pfn;
  }
  EXPECT_EQ(sees(0x9000), Pages{Pfn{0x9000}});
}

TEST_F(Builder, good_windows_are_device_memory_without_execution) {
  const std::uint64_t gib = std::uint64_t{1} << 18;
  const auto tables = build({{Pfn{0x6b0}, 2}, {Pfn{0x8000}, 1024}, {Pfn{0x8100}, 8}, {Pfn{gib - 1}, gib + 2}});
  ASSERT_TRUE(tables);
  for (const std::uint64_t pfn :
       {std::uint64_t{0x6b0}, std::uint64_t{0x6b1}, std::uint64_t{0x83ff}, gib - 1, 2 * gib}) {
    EXPECT_EQ(sees(pfn), Pages{Pfn{pfn}}) << pfn;
  }
  EXPECT_EQ(sees(2 * gib + 1), Pages{});
  const Descriptor desc = machine.load(tables->geometry.root_slot(tables->root, gib));
  EXPECT_EQ(desc, arm64::s2::make_leaf(Pfn{gib}, Level::L1, mmio_attributes())) << "1 GiB block";
  EXPECT_EQ(arm64::s2::XN::of(desc), 1U);
  EXPECT_EQ(arm64::s2::MemAttr::of(desc), arm64::s2::kDeviceNGnRE);
}

TEST_F(Builder, good_48_bits_start_at_level_0) {
  const auto tables = build({{Pfn{std::uint64_t{1} << 35}, 1}}, 48);
  ASSERT_TRUE(tables);
  EXPECT_EQ(tables->geometry.start, Level::L0);
  EXPECT_EQ(sees(0x400), Pages{Pfn{0x400}});
  EXPECT_EQ(sees(std::uint64_t{1} << 35), Pages{Pfn{std::uint64_t{1} << 35}});
}

TEST_F(Builder, bad_windows) {
  EXPECT_EQ(status(build({{Pfn{0x1ff}, 2}})), RD_E_INVALID) << "RAM";
  EXPECT_EQ(status(build({{Pfn{0x69f}, 1}})), RD_E_INVALID);
  EXPECT_EQ(status(build({{Pfn{0x9000}, 0}})), RD_E_INVALID);
  EXPECT_EQ(status(build({{Pfn{std::uint64_t{1} << 28}, 1}})), RD_E_INVALID) << "beyond 40 bits";
  EXPECT_EQ(status(build({{Pfn{0x9000}, ~std::uint64_t{0}}})), RD_E_INVALID);
  EXPECT_EQ(status(build({}, 49)), RD_E_INVALID);
}

TEST_F(Builder, bad_out_of_boot_memory) {
  budget = 2;
  EXPECT_EQ(status(build({})), RD_E_NO_MEMORY);
  budget = 3;
  EXPECT_EQ(status(build({{Pfn{0x9000}, 1}})), RD_E_NO_MEMORY);
  mapped.resize(2);
  budget = 100;
  EXPECT_EQ(status(build({})), RD_E_NO_MEMORY);
}

TEST(PageDbTest, bad_regions) {
  std::vector<PageEntry> entries(100);
  PageDb db{std::span{entries}};
  EXPECT_EQ(status(db.add_region(Pfn{0}, 0)), RD_E_INVALID);
  EXPECT_EQ(status(db.add_region(Pfn{kFrameLimit}, 1)), RD_E_INVALID);
  EXPECT_EQ(status(db.add_region(Pfn{0}, 101)), RD_E_NO_MEMORY);
  EXPECT_TRUE(db.add_region(Pfn{100}, 50));
  EXPECT_EQ(status(db.add_region(Pfn{149}, 1)), RD_E_INVALID) << "overlap";
  EXPECT_EQ(status(db.add_region(Pfn{10}, 1)), RD_E_INVALID) << "order";
  EXPECT_EQ(status(db.pin_for_hyp(Pfn{149}, 2)), RD_E_INVALID);
  EXPECT_EQ(status(db.pin_for_hyp(Pfn{99}, 1)), RD_E_INVALID);
  for (std::uint64_t i = 1; i < PageDb::kMaxRegions; ++i) EXPECT_TRUE(db.add_region(Pfn{1000 * i}, 1));
  EXPECT_EQ(status(db.add_region(Pfn{90000}, 1)), RD_E_NO_MEMORY) << "region table full";
}

TEST(PageDbTest, good_find) {
  std::vector<PageEntry> entries(2000);
  PageDb db{std::span{entries}};
  EXPECT_TRUE(db.add_region(Pfn{0x1f0}, 0x410));
  EXPECT_TRUE(db.add_region(Pfn{0x700}, 0x100));
  EXPECT_EQ(db.find(Pfn{0x1f0})->page, PageIndex{0});
  EXPECT_EQ(db.find(Pfn{0x1f0})->block, BlockIndex{0});
  EXPECT_EQ(db.find(Pfn{0x200})->block, BlockIndex{1});
  EXPECT_EQ(db.find(Pfn{0x700})->page, PageIndex{0x410});
  EXPECT_EQ(db.find(Pfn{0x700})->block, BlockIndex{3});
  EXPECT_FALSE(db.find(Pfn{0x1ef}) || db.find(Pfn{0x600}) || db.find(Pfn{0x800}) || db.find(Pfn{~std::uint64_t{0}}));
  EXPECT_TRUE(db.find_block(Pfn{0x200}) && db.find_block(Pfn{0x400}));
  EXPECT_FALSE(db.find_block(Pfn{0}) || db.find_block(Pfn{0x600}) || db.find_block(Pfn{~std::uint64_t{0} - 100}));
}

TEST(PageDbTest, good_reservation_may_begin_and_end_outside_ram) {
  std::vector<PageEntry> entries(300);
  PageDb db{std::span{entries}};
  EXPECT_TRUE(db.add_region(Pfn{100}, 100));
  EXPECT_TRUE(db.add_region(Pfn{300}, 200));
  EXPECT_TRUE(db.pin_for_hyp(Pfn{310}, 1));
  db.lend_for_ever(Pfn{0}, Pfn{50});
  db.lend_for_ever(Pfn{90}, Pfn{102});
  db.lend_for_ever(Pfn{198}, Pfn{312});
  db.lend_for_ever(Pfn{499}, Pfn{kFrameLimit});
  const auto at = [&](std::uint64_t pfn) { return db.at(db.find(Pfn{pfn})->page); };
  for (const std::uint64_t pfn : {100, 101, 198, 199, 300, 311, 499}) {
    EXPECT_FALSE(at(pfn).host_exclusive()) << pfn;
    EXPECT_TRUE(at(pfn).lendable()) << pfn;
  }
  for (const std::uint64_t pfn : {102, 197, 312, 498}) EXPECT_TRUE(at(pfn).host_exclusive()) << pfn;
  EXPECT_EQ(at(310), PageEntry::hyp_pinned()) << "what is EL2's stays so";
}

// The host works the same whatever its IPA size: donate, see it gone, take it back.
TEST(HostMap, good_level_0_root) {
  CoreWorld w{48};
  const VmHandle vm = w.make_protected(16);
  const Pfn page = w.fresh_page();
  EXPECT_TRUE(w.call([&](auto& c) { return mem_donate(c, vm, Gfn{0}, page, 1); }));
  EXPECT_EQ(w.host_sees(page), Pages{});
  EXPECT_TRUE(w.call([&](auto& c) { return guest_release(c, vm, Gfn{0}, Gfn{16}); }));
  EXPECT_EQ(w.host_sees(page), Pages{page});
}

}  // namespace
}  // namespace redoubt::core
