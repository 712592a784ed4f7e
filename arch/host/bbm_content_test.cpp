// SPDX-License-Identifier: Apache-2.0
// One good_ and one bad_ test for each rule about the content of pages, the ends of calls and the ends of VMs.
#include "arch/host/bbm_fixture.hpp"

namespace redoubt::host {
namespace {

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
  m.sync_icache();
  m.store(leaf_slot(6, 7), page(20));
  EXPECT_TRUE(quiet());
  m.store(leaf_slot(6, 7), 0);
  invalidate(kGuest, 4, 7);
  m.sync_icache();
  m.clean(Pfn{20}, 1);
  m.store(leaf_slot(3, 20), page(20));
  EXPECT_TRUE(complains("without being wiped or cleaned")) << "the host may only get wiped pages";
}

TEST_F(Bbm, good_shared_page_needs_no_wipe) {
  m.clean(Pfn{20}, 1);
  m.sync_icache();
  m.store(leaf_slot(6, 7), page(20));
  m.dsb_ishst();
  world.bbm.end_call();
  EXPECT_TRUE(quiet());
}

TEST_F(Bbm, bad_page_with_the_hosts_instructions) {
  unmap_host(20);
  m.sync_icache();
  EXPECT_TRUE(complains("before the TLBs"));
  world.bbm.clear_violations();
  invalidate(kHost, 0, 20);
  m.wipe(Pfn{20}, 1);
  m.store(leaf_slot(6, 7), page(20));
  EXPECT_TRUE(complains("with its old instructions"));
}

TEST_F(Bbm, good_instructions_are_forgotten_before_or_after_the_wipe) {
  unmap_host(20);
  invalidate(kHost, 0, 20);
  m.wipe(Pfn{20}, 1);
  m.sync_icache();
  m.store(leaf_slot(6, 7), page(20));
  m.store(leaf_slot(6, 7), 0);
  invalidate(kGuest, 4, 7);
  m.sync_icache();
  m.wipe(Pfn{20}, 1);
  m.store(leaf_slot(3, 20), page(20));
  EXPECT_TRUE(quiet());
}

TEST_F(Bbm, bad_shared_page_with_instructions_cached_before_the_clean) {
  m.sync_icache();
  m.clean(Pfn{20}, 1);
  m.store(leaf_slot(6, 7), page(20));
  EXPECT_TRUE(complains("with its old instructions"));
}

TEST_F(Bbm, bad_instructions_of_a_dead_vm) {
  unmap_host(20);
  invalidate(kHost, 0, 20);
  m.wipe(Pfn{20}, 1);
  m.sync_icache();
  m.store(leaf_slot(6, 7), page(20));
  m.sync_icache();
  invalidate_all(kGuest, 4);
  world.bbm.retire_root(kGuest);
  m.wipe(Pfn{20}, 1);
  m.store(leaf_slot(3, 20), page(20));
  EXPECT_TRUE(complains("with its old instructions")) << "the guest ran until the flush of its VMID";
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
