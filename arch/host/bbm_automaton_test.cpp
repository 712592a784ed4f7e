// SPDX-License-Identifier: Apache-2.0
// One good_ and one bad_ test for each rule about entries and TLBs: a checker that cannot complain proves nothing.
#include "arch/host/bbm_fixture.hpp"

namespace redoubt::host {
namespace {

TEST_F(Bbm, good_unmap_invalidate_wipe_donate) {
  unmap_host(20);
  invalidate(kHost, 0, 20);
  m.wipe(Pfn{20}, 1);
  m.sync_icache();
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
  unless_missing([&] { m.sync_devices(Pfn{20}, 1); });
  m.wipe(Pfn{20}, 1);
  EXPECT_EQ(complains("wiped before its TLB invalidation completed"), missing < step) << missing;
}
INSTANTIATE_TEST_SUITE_P(Each, BbmSteps, testing::Range(0, 9));

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
  unless_missing([&] { m.sync_devices(Pfn{0}, 0); });
  world.bbm.end_call();
  EXPECT_EQ(complains("stale TLB entries"), missing < step) << missing;
}
INSTANTIATE_TEST_SUITE_P(Each, BbmAllSteps, testing::Range(0, 7));

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

}  // namespace
}  // namespace redoubt::host
