// SPDX-License-Identifier: Apache-2.0
// One good_ and one bad_ test for each rule of the automaton: a checker that cannot complain proves nothing.
#include <gtest/gtest.h>

#include "arch/host/fake_machine.hpp"

namespace redoubt::host {
namespace {

using arm64::Level;
namespace s2 = arm64::s2;

constexpr Vmid kHost{0};
constexpr Vmid kGuest{1};

// Pages: 0,1 host root and its level-3 table chain; 4 guest root, 5 guest L2, 6 guest L3; 16.. plain RAM, mapped for the
// host by leaves of table page 3.
class Bbm : public testing::Test {
 protected:
  Bbm() {
    world.give_to_hyp(Pfn{0}, 16);
    table(pa(0), pa(2), Level::L1);
    table(pa(2), pa(3), Level::L2);
    for (std::uint64_t pfn = 16; pfn < 32; ++pfn) m.store(leaf_slot(3, pfn), page(pfn));
    table(pa(4), pa(5), Level::L1);
    table(pa(5), pa(6), Level::L2);
    m.dsb_ishst();
    world.bbm.add_root(kHost, pa(0), Level::L1, 1);
    world.bbm.add_root(kGuest, pa(4), Level::L1, 1);
    EXPECT_TRUE(quiet());
    world.bbm.begin_call();
  }

  static auto pa(std::uint64_t pfn) -> Pa { return pa_of(Pfn{pfn}); }
  static auto leaf_slot(std::uint64_t table, std::uint64_t frame) -> Pa { return pa(table) + frame % 512 * 8; }
  static auto page(std::uint64_t pfn) -> arm64::Descriptor { return s2::make_leaf(Pfn{pfn}, Level::L3, 0x400); }
  void table(Pa slot, Pa child, Level) { m.store(slot, s2::make_table(child)); }

  void invalidate(Vmid vmid, std::uint64_t root, std::uint64_t frame, Level level = Level::L3) {
    m.enter(vmid, pa(root));
    m.dsb_ishst();
    m.tlbi_ipas2e1is(ipa_of(Gfn{frame}), level);
    m.dsb_ish();
    m.tlbi_vmalle1is();
    m.dsb_ish();
    m.tlbi_repeat();
    m.isb();
    m.leave();
  }
  void invalidate_all(Vmid vmid, std::uint64_t root) {
    m.enter(vmid, pa(root));
    m.dsb_ishst();
    m.tlbi_vmalls12e1is();
    m.dsb_ish();
    m.tlbi_repeat();
    m.isb();
    m.leave();
  }
  void unmap_host(std::uint64_t pfn) { m.store(leaf_slot(3, pfn), 0); }
  [[nodiscard]] auto quiet() const -> bool { return world.bbm.violations().empty(); }
  [[nodiscard]] auto complains(const std::string& what) const -> bool {
    for (const std::string& violation : world.bbm.violations()) {
      if (violation.find(what) != std::string::npos) return true;
    }
    return false;
  }

  FakeWorld world{Pfn{0}, 2048};
  FakeMachine m{world};
};

TEST_F(Bbm, good_unmap_invalidate_wipe_donate) {
  unmap_host(20);
  invalidate(kHost, 0, 20);
  m.wipe(Pfn{20}, 1);
  m.store(leaf_slot(6, 7), page(20));
  m.dsb_ishst();
  world.bbm.end_call();
  EXPECT_TRUE(quiet());
}

// The complete sequence and, for each step, what happens without it.
class BbmSteps : public Bbm, public testing::WithParamInterface<int> {};

TEST_P(BbmSteps, bad_any_missing_step) {
  const int missing = GetParam();
  int step = 0;
  const auto unless_missing = [&](auto action) {
    if (step++ != missing) action();
  };
  unmap_host(20);
  m.enter(kHost, pa(0));
  unless_missing([&] { m.dsb_ishst(); });
  unless_missing([&] { m.tlbi_ipas2e1is(ipa_of(Gfn{20}), Level::L3); });
  unless_missing([&] { m.dsb_ish(); });
  unless_missing([&] { m.tlbi_vmalle1is(); });
  unless_missing([&] { m.dsb_ish(); });
  unless_missing([&] { m.tlbi_repeat(); });
  unless_missing([&] { m.isb(); });
  m.leave();
  m.wipe(Pfn{20}, 1);
  EXPECT_EQ(complains("wiped before its TLB invalidation completed"), missing < step) << missing;
}
INSTANTIATE_TEST_SUITE_P(Each, BbmSteps, testing::Range(0, 8));

class BbmAllSteps : public Bbm, public testing::WithParamInterface<int> {};

TEST_P(BbmAllSteps, bad_any_missing_step) {
  const int missing = GetParam();
  int step = 0;
  const auto unless_missing = [&](auto action) {
    if (step++ != missing) action();
  };
  unmap_host(20);
  m.enter(kHost, pa(0));
  unless_missing([&] { m.dsb_ishst(); });
  unless_missing([&] { m.tlbi_vmalls12e1is(); });
  unless_missing([&] { m.dsb_ish(); });
  unless_missing([&] { m.tlbi_repeat(); });
  unless_missing([&] { m.isb(); });
  m.leave();
  world.bbm.end_call();
  EXPECT_EQ(complains("stale TLB entries"), missing < step) << missing;
}
INSTANTIATE_TEST_SUITE_P(Each, BbmAllSteps, testing::Range(0, 6));

TEST_F(Bbm, bad_wrong_vmid_loaded) {
  unmap_host(20);
  invalidate(kGuest, 4, 20);
  m.wipe(Pfn{20}, 1);
  EXPECT_TRUE(complains("wiped before"));
}

TEST_F(Bbm, bad_wrong_ipa_or_level) {
  unmap_host(20);
  unmap_host(21);
  invalidate(kHost, 0, 22);
  invalidate(kHost, 0, 21, Level::L2);
  world.bbm.end_call();
  EXPECT_TRUE(complains("stale TLB entries"));
}

TEST_F(Bbm, bad_tlbi_before_the_dsb) {
  unmap_host(20);
  m.enter(kHost, pa(0));
  m.tlbi_vmalls12e1is();
  m.dsb_ish();
  m.tlbi_repeat();
  m.isb();
  m.leave();
  world.bbm.end_call();
  EXPECT_TRUE(complains("stale TLB entries"));
}

TEST_F(Bbm, bad_valid_to_valid) {
  m.store(leaf_slot(3, 20), page(21));
  EXPECT_TRUE(complains("without break-before-make"));
}

TEST_F(Bbm, good_same_value_again) {
  m.store(leaf_slot(3, 20), page(20));
  EXPECT_TRUE(quiet());
}

TEST_F(Bbm, bad_make_before_the_break_completes) {
  unmap_host(20);
  m.dsb_ishst();
  m.store(leaf_slot(3, 20), page(20));
  EXPECT_TRUE(complains("make before the break is complete"));
}

TEST_F(Bbm, bad_unlink_leaves_walk_caches) {
  m.store(pa(5), 0);  // guest's level-3 table, empty
  m.store(leaf_slot(6, 9), 4);
  EXPECT_TRUE(complains("table that CPUs may still walk"));
}

TEST_F(Bbm, good_unlink_with_a_flush) {
  m.store(pa(5), 0);
  invalidate_all(kGuest, 4);
  m.store(leaf_slot(6, 9), 4);
  world.bbm.end_call();
  EXPECT_TRUE(quiet());
}

TEST_F(Bbm, bad_unlink_with_a_tlbi_by_ipa) {
  m.store(pa(5), 0);
  invalidate(kGuest, 4, 0, Level::L2);
  world.bbm.end_call();
  EXPECT_TRUE(complains("stale TLB entries")) << "walk caches of a table need more";
}

TEST_F(Bbm, bad_link_before_content_is_ordered) {
  m.store(pa(8), 4);
  m.store(pa(5) + 8, s2::make_table(pa(8)));
  EXPECT_TRUE(complains("before a DSB orders its content"));
}

TEST_F(Bbm, bad_link_of_a_host_page_or_twice) {
  m.store(pa(5) + 8, s2::make_table(pa(20)));
  EXPECT_TRUE(complains("not EL2's"));
  m.dsb_ishst();
  m.store(pa(5) + 16, s2::make_table(pa(6)));
  EXPECT_TRUE(complains("linked twice"));
}

TEST_F(Bbm, bad_content_not_wiped) {
  unmap_host(20);
  invalidate(kHost, 0, 20);
  m.store(leaf_slot(6, 7), page(20));
  EXPECT_TRUE(complains("without being wiped or cleaned"));
}

TEST_F(Bbm, good_image_page_is_cleaned_but_not_returned_so) {
  unmap_host(20);
  invalidate(kHost, 0, 20);
  m.clean(Pfn{20}, 1);
  m.store(leaf_slot(6, 7), page(20));
  EXPECT_TRUE(quiet());
  m.store(leaf_slot(6, 7), 0);
  invalidate(kGuest, 4, 7);
  m.clean(Pfn{20}, 1);
  m.store(leaf_slot(3, 20), page(20));
  EXPECT_TRUE(complains("without being wiped or cleaned")) << "the host may only get wiped pages";
}

TEST_F(Bbm, good_shared_page_needs_no_wipe) {
  m.clean(Pfn{20}, 1);
  m.store(leaf_slot(6, 7), page(20));
  m.dsb_ishst();
  world.bbm.end_call();
  EXPECT_TRUE(quiet());
}

TEST_F(Bbm, bad_wipe_of_a_mapped_page) {
  m.wipe(Pfn{20}, 1);
  EXPECT_TRUE(complains("wiped while a stage 2 maps it"));
}

TEST_F(Bbm, bad_wipe_of_a_live_table) {
  m.wipe(Pfn{6}, 1);
  EXPECT_TRUE(complains("live table"));
}

TEST_F(Bbm, bad_decoy_that_was_not_wiped) {
  unmap_host(20);
  invalidate(kHost, 0, 20);
  m.store(pa(9), 1);
  m.store(leaf_slot(3, 20), page(9));
  EXPECT_TRUE(complains("foreign address"));
}

TEST_F(Bbm, good_wiped_decoy) {
  unmap_host(20);
  invalidate(kHost, 0, 20);
  m.wipe(Pfn{9}, 1);
  m.store(leaf_slot(3, 20), page(9));
  m.dsb_ishst();
  world.bbm.end_call();
  EXPECT_TRUE(quiet());
}

TEST_F(Bbm, bad_end_of_call) {
  m.store(leaf_slot(6, 7), 0);
  unmap_host(20);
  m.enter(kHost, pa(0));
  world.bbm.end_call();
  EXPECT_TRUE(complains("stale"));
  EXPECT_TRUE(complains("another VMID"));
  world.bbm.clear_violations();
  m.clean(Pfn{21}, 1);
  m.store(leaf_slot(6, 7), page(21));
  world.bbm.end_call();
  EXPECT_TRUE(complains("before a DSB publishes"));
}

TEST_F(Bbm, bad_nesting_and_foreign_roots) {
  m.tlbi_vmalle1is();
  EXPECT_TRUE(complains("without a loaded VMID"));
  m.leave();
  EXPECT_TRUE(complains("leave without enter"));
  m.enter(kHost, pa(4));
  EXPECT_TRUE(complains("foreign root"));
  m.enter(kGuest, pa(4));
  EXPECT_TRUE(complains("enter without leave"));
}

TEST_F(Bbm, bad_el2_access_without_a_mapping) {
  static_cast<void>(m.load(pa(20)));
  EXPECT_TRUE(complains("reads a page it has not mapped"));
  m.store(pa(20), 0);
  EXPECT_TRUE(complains("writes a page it has not mapped"));
  m.unmap_hyp(Pfn{6});
  EXPECT_TRUE(complains("gives up a live table"));
}

TEST_F(Bbm, bad_death_without_a_flush) {
  world.bbm.retire_root(kGuest);
  EXPECT_TRUE(complains("without a flush"));
}

TEST_F(Bbm, good_death_with_a_flush) {
  invalidate_all(kGuest, 4);
  world.bbm.retire_root(kGuest);
  m.wipe(Pfn{6}, 1);
  EXPECT_TRUE(quiet());
}

TEST_F(Bbm, bad_flush_of_an_earlier_call) {
  invalidate_all(kGuest, 4);
  world.bbm.begin_call();
  world.bbm.retire_root(kGuest);
  EXPECT_TRUE(complains("without a flush"));
}

TEST_F(Bbm, good_reachable_shows_stale_entries) {
  unmap_host(20);
  EXPECT_EQ(world.bbm.reachable(kHost, 20), std::vector<Pfn>{Pfn{20}});
  invalidate(kHost, 0, 20);
  EXPECT_EQ(world.bbm.reachable(kHost, 20), std::vector<Pfn>{});
}

TEST_F(Bbm, good_map_hyp_can_be_made_to_fail) {
  world.map_hyp_budget = 1;
  EXPECT_TRUE(m.map_hyp(Pfn{40}));
  EXPECT_FALSE(m.map_hyp(Pfn{41}));
  EXPECT_FALSE(world.ram.at(Pfn{41}).hyp_mapped);
}

}  // namespace
}  // namespace redoubt::host
