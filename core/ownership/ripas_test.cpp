// SPDX-License-Identifier: Apache-2.0
// What the guest does to its own memory: release, claim, query.
#include "core/testing/core_world.hpp"

namespace redoubt::core {
namespace {

using TestCore = CoreWorld::TestCore;
using Pages = std::vector<Pfn>;

constexpr std::uint64_t kHalf = std::uint64_t{1} << 20;
constexpr std::uint64_t kGiB = std::uint64_t{1} << 18;

class RipasTest : public testing::Test {
 protected:
  void donate(Gfn gfn, Pfn pfn, std::uint64_t pages = 1) {
    EXPECT_EQ(status(w.call([&](TestCore& c) { return mem_donate(c, vm, gfn, pfn, pages); })), 0);
    for (std::uint64_t i = 0; i < pages; ++i) w.fill(pfn + i, 0x5ec7e7);
  }
  auto share(Gfn gfn, Pfn pfn, std::uint64_t pages = 1) -> long {
    return status(w.call([&](TestCore& c) { return mem_share(c, vm, gfn, pfn, pages, RD_PROT_R | RD_PROT_W); }));
  }
  auto release(std::uint64_t first, std::uint64_t end) -> Result<GuestProgress> {
    return w.call([&](TestCore& c) { return guest_release(c, vm, Gfn{first}, Gfn{end}); });
  }
  auto claim(std::uint64_t first, std::uint64_t end, bool destroyed_ok = false) -> Result<GuestProgress> {
    return w.call([&](TestCore& c) { return guest_claim(c, vm, Gfn{first}, Gfn{end}, destroyed_ok); });
  }
  auto ripas(std::uint64_t first, std::uint64_t end = kHalf) -> RipasRun {
    return *w.call([&](TestCore& c) { return guest_ripas(c, vm, Gfn{first}, Gfn{end}); });
  }
  // Repeats a call as the guest's kernel does, topping up when asked; answers the number of calls.
  template <class F>
  auto until(std::uint64_t first, std::uint64_t end, F&& f) -> int {
    for (int calls = 1; calls < 100; ++calls) {
      const Result<GuestProgress> progress = f(first, end);
      EXPECT_TRUE(progress);
      if (progress->tables_needed != 0) w.topup(vm, progress->tables_needed);
      EXPECT_TRUE(progress->reached.value() > first || progress->tables_needed != 0) << "no progress, no reason";
      first = progress->reached.value();
      if (first == end) return calls;
    }
    return -1;
  }
  CoreWorld w;
  VmHandle vm = w.make_protected(4096);
};

TEST_F(RipasTest, good_release_wipes_and_returns_pages) {
  const Pfn page = w.fresh_page();
  donate(Gfn{5}, page);
  EXPECT_EQ(release(4, 7)->reached, Gfn{7});
  EXPECT_TRUE(w.zero(page));
  EXPECT_EQ(w.host_sees(page), Pages{page});
  EXPECT_EQ(w.guest_sees(vm, Gfn{5}), Pages{});
  EXPECT_EQ(ripas(3).end, Gfn{4});
  EXPECT_EQ(ripas(3).ripas, Ripas::ram);
  EXPECT_EQ(ripas(4).end, Gfn{7});
  EXPECT_EQ(ripas(4).ripas, Ripas::empty);
  EXPECT_EQ(ripas(7).end, Gfn{4096});
}

TEST_F(RipasTest, good_release_of_a_whole_block) {
  const Pfn block = w.fresh_block();
  donate(Gfn{512}, block, 512);
  EXPECT_EQ(release(512, 1024)->reached, Gfn{1024});
  EXPECT_TRUE(w.zero(block + 300));
  EXPECT_EQ(w.host_sees(block + 300), Pages{block + 300});
  const Descriptor desc = w.core.machine.load(host_block_slot(w.core.machine, w.core.host, block));
  EXPECT_TRUE(arm64::s2::is_leaf(desc, Level::L2)) << "a block again for the host";
}

TEST_F(RipasTest, good_release_splits_a_block) {
  const Pfn block = w.fresh_block();
  donate(Gfn{512}, block, 512);
  EXPECT_EQ(release(600, 700)->reached, Gfn{700});
  EXPECT_EQ(w.guest_sees(vm, Gfn{599}), Pages{block + 87});
  EXPECT_EQ(w.guest_sees(vm, Gfn{600}), Pages{});
  EXPECT_EQ(w.guest_sees(vm, Gfn{700}), Pages{block + 188});
  EXPECT_TRUE(w.zero(block + 88));
  EXPECT_FALSE(w.zero(block + 87)) << "the guest keeps the content of the rest";
  EXPECT_EQ(w.host_sees(block + 88), Pages{block + 88});
  EXPECT_EQ(w.host_sees(block + 87), Pages{});
}

TEST_F(RipasTest, good_release_is_bounded_and_resumes) {
  donate(Gfn{0}, w.fresh_block(), 512);
  donate(Gfn{512}, w.fresh_block(), 512);
  EXPECT_EQ(release(0, 4096)->reached, Gfn{512});
  EXPECT_LE(until(0, 4096, [&](auto a, auto b) { return release(a, b); }), 4);
  EXPECT_EQ(ripas(0).ripas, Ripas::empty);
  EXPECT_EQ((*w.core.vms.find(vm))->mapped_pages, 0U);
}

TEST_F(RipasTest, good_release_and_claim_tell_how_many_tables_they_need) {
  vm = w.make_vm(RD_VM_PROTECTED, 0);
  EXPECT_TRUE(w.call([&](TestCore& c) { return vm_set_ram(c, vm, Gfn{0}, 2 * kGiB); }));
  EXPECT_EQ(release(1, 2)->tables_needed, 2U);
  EXPECT_EQ(release(1, 2)->reached, Gfn{1});
  EXPECT_EQ(release(512, 1024)->tables_needed, 1U);
  EXPECT_LE(until(1, kGiB + 1, [&](auto a, auto b) { return release(a, b); }), 10);
  EXPECT_EQ(ripas(0).end, Gfn{1});
  EXPECT_EQ(ripas(kGiB).ripas, Ripas::empty);
  EXPECT_EQ(ripas(kGiB + 1).ripas, Ripas::ram);
  EXPECT_LE(until(0, 2 * kGiB, [&](auto a, auto b) { return claim(a, b); }), 10);
  EXPECT_EQ(ripas(1).ripas, Ripas::ram);
}

TEST_F(RipasTest, good_claim_removes_the_shared_alias_first) {
  EXPECT_EQ(release(8, 10)->reached, Gfn{10});
  const Pfn page = w.fresh_page();
  EXPECT_EQ(share(Gfn{kHalf + 9}, page), 0);
  EXPECT_EQ(claim(8, 10)->reached, Gfn{10});
  EXPECT_EQ(w.guest_sees(vm, Gfn{kHalf + 9}), Pages{});
  EXPECT_TRUE(w.entry(page).host_exclusive());
  EXPECT_EQ(ripas(9).ripas, Ripas::ram);
  EXPECT_EQ(share(Gfn{kHalf + 9}, page), RD_E_PERM) << "the alias of RAM cannot come back";
  donate(Gfn{9}, w.fresh_page());
}

TEST_F(RipasTest, good_claim_of_a_part_of_a_shared_block) {
  EXPECT_EQ(release(512, 1024)->reached, Gfn{1024});
  const Pfn block = w.fresh_block();
  EXPECT_EQ(share(Gfn{kHalf + 512}, block, 512), 0);
  EXPECT_LE(until(600, 1024, [&](auto a, auto b) { return claim(a, b); }), 3);
  EXPECT_EQ(w.guest_sees(vm, Gfn{kHalf + 599}), Pages{block + 87});
  EXPECT_EQ(w.guest_sees(vm, Gfn{kHalf + 600}), Pages{});
  EXPECT_EQ(ripas(512).end, Gfn{600});
}

TEST_F(RipasTest, good_claim_of_ram_keeps_content) {
  const Pfn page = w.fresh_page();
  donate(Gfn{5}, page);
  EXPECT_LE(until(0, 4096, [&](auto a, auto b) { return claim(a, b); }), 2);
  EXPECT_EQ(w.guest_sees(vm, Gfn{5}), Pages{page});
  EXPECT_FALSE(w.zero(page));
}

TEST_F(RipasTest, good_claim_stops_at_destroyed_pages) {
  EXPECT_EQ(release(0, 8)->reached, Gfn{8});
  const GuestEntry entry = guest_walk(w.core.machine, **w.core.vms.find(vm), Gfn{4});
  w.core.machine.store(entry.slot, invalid_with(Ripas::destroyed));
  w.core.machine.dsb_ishst();
  EXPECT_EQ(ripas(4).ripas, Ripas::destroyed);
  EXPECT_EQ(claim(0, 8)->reached, Gfn{4});
  EXPECT_EQ(claim(4, 8)->reached, Gfn{4});
  EXPECT_EQ(claim(4, 8, true)->reached, Gfn{8});
  EXPECT_EQ(ripas(0, 8).end, Gfn{8});
}

TEST_F(RipasTest, good_set_ram_reports_partial_work) {
  vm = w.make_vm(RD_VM_PROTECTED, 0);
  const auto set_ram = [&](std::uint64_t first, std::uint64_t pages) {
    return w.call([&](TestCore& c) { return vm_set_ram(c, vm, Gfn{first}, pages); });
  };
  EXPECT_EQ(set_ram(0, kGiB + 512), kGiB) << "the GiB needs no table, the rest does";
  EXPECT_EQ(status(set_ram(kGiB, 512)), RD_E_NO_MEMORY);
  w.topup(vm, 1);
  EXPECT_EQ(set_ram(0, kGiB + 512), kGiB + 512);
  EXPECT_EQ(ripas(kGiB).end, Gfn{kGiB + 512});
  EXPECT_EQ(status(set_ram(0, 0)), RD_E_INVALID);
  EXPECT_EQ(status(set_ram(kHalf - 1, 2)), RD_E_INVALID);
  EXPECT_EQ(status(set_ram(~std::uint64_t{0}, 2)), RD_E_INVALID);
  EXPECT_EQ(status(set_ram(1, ~std::uint64_t{0})), RD_E_INVALID);
}

TEST_F(RipasTest, bad_ranges_and_states) {
  EXPECT_EQ(status(release(5, 5)), RD_E_INVALID);
  EXPECT_EQ(status(release(6, 5)), RD_E_INVALID);
  EXPECT_EQ(status(release(0, kHalf + 1)), RD_E_INVALID);
  EXPECT_EQ(status(claim(0, ~std::uint64_t{0})), RD_E_INVALID);
  w.add_vcpu(vm);
  EXPECT_TRUE(w.call([&](TestCore& c) { return vm_finalise(c, vm); }));
  EXPECT_EQ(status(w.call([&](TestCore& c) { return vm_set_ram(c, vm, Gfn{0}, 1); })), RD_E_FROZEN);
  EXPECT_TRUE(release(0, 8));
  EXPECT_TRUE(w.call([&](TestCore& c) { return vm_teardown(c, vm); }));
  EXPECT_EQ(status(release(0, 8)), RD_E_DEAD);
  EXPECT_EQ(status(claim(0, 8)), RD_E_DEAD);
  vm = w.make_vm(0);
  EXPECT_EQ(status(release(0, 8)), RD_E_PERM) << "an ordinary VM has no private memory";
  EXPECT_EQ(status(w.call([&](TestCore& c) { return vm_set_ram(c, vm, Gfn{0}, 1); })), RD_E_PERM);
}

}  // namespace
}  // namespace redoubt::core
