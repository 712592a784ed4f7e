// SPDX-License-Identifier: Apache-2.0
#include "core/testing/core_world.hpp"

namespace redoubt::core {
namespace {

using TestCore = CoreWorld::TestCore;

class Lifecycle : public testing::Test {
 protected:
  auto create(const VmParams& params) -> Result<VmHandle> {
    return w.call([&](TestCore& c) { return vm_create(c, params); });
  }
  auto params() -> VmParams { return VmParams{RD_VM_PROTECTED, 40, Pfn{0x40100}, Pfn{0x40102}, 1}; }
  auto reclaim(Pfn pfn, std::uint64_t pages = 1) -> long {
    const auto done = w.call([&](TestCore& c) { return page_reclaim(c, pfn, pages); });
    return done ? static_cast<long>(*done) : status_of(done.error());
  }
  template <class F>
  auto on(VmHandle vm, F f) -> long {
    return status(w.call([&](TestCore& c) { return f(c, vm); }));
  }
  auto teardown(VmHandle vm) -> long { return on(vm, vm_teardown<host::FakeMachine>); }
  auto destroy(VmHandle vm) -> long { return on(vm, vm_destroy<host::FakeMachine>); }
  auto finalise(VmHandle vm) -> long { return on(vm, vm_finalise<host::FakeMachine>); }
  CoreWorld w;
};

TEST_F(Lifecycle, good_every_page_comes_back_wiped) {
  const VmHandle vm = *create(params());
  w.topup(vm, 4);
  EXPECT_TRUE(w.call([&](TestCore& c) { return vm_set_ram(c, vm, Gfn{0}, 64); }));
  const Pfn page = w.fresh_page();
  EXPECT_TRUE(w.call([&](TestCore& c) { return mem_donate(c, vm, Gfn{1}, page, 1); }));
  w.fill(page, 0x5ec7e7);
  const Pfn run = w.add_vcpu(vm);
  EXPECT_EQ(teardown(vm), 0);
  EXPECT_EQ(destroy(vm), RD_E_BUSY);
  EXPECT_EQ(reclaim(Pfn{0x40100}), RD_E_BUSY) << "tables stay while pages are mapped";
  EXPECT_EQ(reclaim(page), 1);
  EXPECT_TRUE(w.zero(page));
  for (std::uint64_t i = 0; i < CoreWorld::kRamPages - 64; ++i) {
    if (!w.entry(CoreWorld::kRam + i).host_exclusive() && CoreWorld::kRam + i != run) {
      EXPECT_EQ(reclaim(CoreWorld::kRam + i), 1);
    }
  }
  EXPECT_TRUE(w.entry(run).host_exclusive());
  EXPECT_EQ(destroy(vm), 0);
  EXPECT_EQ(destroy(vm), RD_E_NOT_FOUND);
  EXPECT_EQ(w.core.counters.hyp_pages, 0U);
  const VmHandle again = *create(params());
  EXPECT_NE(again, vm) << "an old handle never matches again";
}

TEST_F(Lifecycle, good_reclaim_of_a_run_stops_at_a_foreign_page) {
  const VmHandle vm = *create(params());
  EXPECT_EQ(teardown(vm), 0);
  EXPECT_EQ(reclaim(Pfn{0x40100}, 512), 3);
  EXPECT_EQ(destroy(vm), 0);
}

TEST_F(Lifecycle, good_block_comes_back_in_one_piece) {
  const VmHandle vm = *create(params());
  w.topup(vm, 4);
  EXPECT_TRUE(w.call([&](TestCore& c) { return vm_set_ram(c, vm, Gfn{0}, 2048); }));
  for (const std::uint64_t i : {0U, 1U}) {
    EXPECT_TRUE(w.call([&](TestCore& c) { return mem_donate(c, vm, Gfn{512 * i}, Pfn{0x40200 + 512 * i}, 512); }));
  }
  for (std::uint64_t i = 0; i < 1024; ++i) w.fill(Pfn{0x40200 + i}, 0x5ec7e7);
  EXPECT_EQ(w.call([&](TestCore& c) { return host_fault(c, Pfn{0x40203}); }), HostFault::decoy);
  EXPECT_EQ(teardown(vm), 0);
  const std::size_t before = w.world.history.size();
  EXPECT_EQ(reclaim(Pfn{0x40400}, 512), 512);
  EXPECT_LT(w.world.history.size() - before, 8U) << "no table is filled, no TLBI is needed";
  EXPECT_EQ(reclaim(Pfn{0x40400}, 512), RD_E_PERM);
  EXPECT_EQ(reclaim(Pfn{0x40200}, 512), 512) << "with a decoy inside";
  EXPECT_TRUE(w.zero(Pfn{0x40203}) && w.zero(Pfn{0x405ff}));
  EXPECT_EQ(w.host_sees(Pfn{0x40203}), std::vector<Pfn>{Pfn{0x40203}});
}

TEST_F(Lifecycle, good_reclaim_of_a_partly_returned_block) {
  const VmHandle vm = *create(params());
  w.topup(vm, 4);
  EXPECT_TRUE(w.call([&](TestCore& c) { return vm_set_ram(c, vm, Gfn{0}, 2048); }));
  EXPECT_TRUE(w.call([&](TestCore& c) { return mem_donate(c, vm, Gfn{0}, Pfn{0x40400}, 512); }));
  EXPECT_TRUE(w.call([&](TestCore& c) { return guest_release(c, vm, Gfn{100}, Gfn{101}); }));
  EXPECT_EQ(teardown(vm), 0);
  EXPECT_EQ(reclaim(Pfn{0x40400}, 512), 100);
  EXPECT_EQ(reclaim(Pfn{0x40465}, 512), 411);
  EXPECT_TRUE(w.entry(Pfn{0x40464}).host_exclusive());
}

TEST_F(Lifecycle, bad_create_arguments) {
  const auto with = [&](auto change) {
    VmParams p = params();
    change(p);
    return status(create(p));
  };
  EXPECT_EQ(with([](VmParams& p) { p.flags = 4; }), RD_E_INVALID);
  EXPECT_EQ(with([](VmParams& p) { p.flags = RD_VM_RSI; }), RD_E_INVALID);
  EXPECT_EQ(with([](VmParams& p) { p.ipa_bits = 32; }), RD_E_INVALID);
  EXPECT_EQ(with([](VmParams& p) { p.ipa_bits = 41; }), RD_E_INVALID);
  EXPECT_EQ(with([](VmParams& p) { p.ipa_bits = (std::uint64_t{1} << 32) + 40; }), RD_E_INVALID);
  EXPECT_EQ(with([](VmParams& p) { p.nr_vcpus = 0; }), RD_E_INVALID);
  EXPECT_EQ(with([](VmParams& p) { p.nr_vcpus = RD_MAX_VCPUS + 1; }), RD_E_INVALID);
  EXPECT_EQ(with([](VmParams& p) { p.root = p.root + 1; }), RD_E_INVALID) << "CVE-2026-0029: unaligned root";
  EXPECT_EQ(with([](VmParams& p) { p.decoy = p.root + 1; }), RD_E_INVALID);
  EXPECT_EQ(with([](VmParams& p) { p.decoy = p.root; }), RD_E_INVALID);
  EXPECT_EQ(with([](VmParams& p) { p.root = Pfn{0x9000}; }), RD_E_INVALID) << "not RAM";
  EXPECT_EQ(with([](VmParams& p) { p.decoy = CoreWorld::kHypPages; }), RD_E_PERM);
}

TEST_F(Lifecycle, bad_create_without_el2_tables_leaves_no_trace) {
  for (const int budget : {0, 1, 2}) {
    w.world.map_hyp_budget = budget;
    EXPECT_EQ(status(create(params())), RD_E_NO_MEMORY);
  }
  w.world.map_hyp_budget = -1;
  EXPECT_TRUE(create(params()));
}

TEST_F(Lifecycle, bad_more_vms_than_slots) {
  for (int i = 0; i < RD_MAX_VMS; ++i) w.make_vm(0, 0);
  EXPECT_EQ(status(create(params())), RD_E_BUSY);
}

TEST_F(Lifecycle, bad_topup) {
  const VmHandle vm = *create(params());
  const auto topup = [&](Pfn pfn) { return status(w.call([&](TestCore& c) { return vm_topup(c, vm, pfn); })); };
  EXPECT_EQ(topup(Pfn{0x40100}), RD_E_PERM) << "its own root";
  EXPECT_EQ(topup(CoreWorld::kUart), RD_E_INVALID);
  w.world.map_hyp_budget = 0;
  EXPECT_EQ(topup(w.fresh_page()), RD_E_NO_MEMORY);
  w.world.map_hyp_budget = -1;
  w.topup(vm, RD_VM_POOL_PAGES);
  EXPECT_EQ(topup(w.fresh_page()), RD_E_BUSY);
}

TEST_F(Lifecycle, bad_vcpu_create) {
  const VmHandle vm = *create(params());
  const auto make = [&](std::uint64_t index, Pfn state, Pfn run) {
    return status(w.call([&](TestCore& c) { return vcpu_create(c, vm, VcpuIndex{index}, state, run); }));
  };
  const Pfn page = w.fresh_page();
  EXPECT_EQ(finalise(vm), RD_E_PERM) << "it has no vCPU";
  EXPECT_EQ(make(0, page, page), RD_E_INVALID);
  EXPECT_EQ(make(1, page, w.fresh_page()), RD_E_INVALID);
  EXPECT_EQ(make(~std::uint64_t{0}, page, w.fresh_page()), RD_E_INVALID);
  EXPECT_EQ(make(0, Pfn{0x40100}, page), RD_E_PERM);
  EXPECT_EQ(make(0, page, Pfn{0x40100}), RD_E_PERM);
  for (const int budget : {0, 1}) {
    w.world.map_hyp_budget = budget;
    EXPECT_EQ(make(0, page, w.fresh_page()), RD_E_NO_MEMORY) << "CVE-2026-46147: no pin is left behind";
  }
  w.world.map_hyp_budget = -1;
  EXPECT_EQ(make(0, page, w.fresh_page()), 0);
  EXPECT_EQ(make(0, w.fresh_page(), w.fresh_page()), RD_E_EXISTS);
  EXPECT_EQ(finalise(vm), 0);
  EXPECT_EQ(finalise(vm), RD_E_FROZEN);
  EXPECT_EQ(make(0, w.fresh_page(), w.fresh_page()), RD_E_FROZEN);
}

TEST_F(Lifecycle, bad_two_cpus_for_one_vcpu) {
  const VmHandle vm = *create(params());
  w.add_vcpu(vm);
  const auto load = [&](std::uint64_t i = 0) {
    return status(w.call([&](TestCore& c) { return vcpu_load(c, vm, VcpuIndex{i}); }));
  };
  const auto put = [&] { return status(w.call([&](TestCore& c) { return vcpu_put(c, vm, VcpuIndex{0}); })); };
  EXPECT_EQ(load(), RD_E_PERM) << "not finalised";
  EXPECT_EQ(finalise(vm), 0);
  EXPECT_EQ(load(1), RD_E_NOT_FOUND);
  EXPECT_EQ(load(~std::uint64_t{0}), RD_E_NOT_FOUND);
  EXPECT_EQ(load(), 0);
  EXPECT_EQ(load(), RD_E_BUSY);
  EXPECT_EQ(teardown(vm), RD_E_BUSY);
  EXPECT_EQ(on(vm, vm_stop<host::FakeMachine>), 0);
  EXPECT_EQ(put(), 0) << "whatever became of the VM";
  EXPECT_EQ(put(), RD_E_PERM);
  EXPECT_EQ(load(), RD_E_DEAD);
  EXPECT_EQ(teardown(vm), 0);
  EXPECT_EQ(teardown(vm), RD_E_DEAD);
}

TEST_F(Lifecycle, bad_reclaim) {
  const VmHandle vm = *create(params());
  const VmHandle ordinary = w.make_vm(0);
  const Pfn run = w.add_vcpu(ordinary);
  EXPECT_EQ(reclaim(Pfn{0x40100}), RD_E_PERM) << "the VM lives";
  EXPECT_EQ(destroy(vm), RD_E_PERM);
  EXPECT_EQ(reclaim(CoreWorld::kHypPages), RD_E_PERM);
  EXPECT_EQ(reclaim(run), RD_E_PERM);
  EXPECT_EQ(reclaim(w.fresh_page()), RD_E_PERM);
  EXPECT_EQ(reclaim(CoreWorld::kUart), RD_E_INVALID);
  EXPECT_EQ(reclaim(Pfn{0x40100}, 0), RD_E_INVALID);
  EXPECT_EQ(reclaim(Pfn{0x40100}, 513), RD_E_INVALID);
}

class Decoy : public Lifecycle {
 protected:
  auto fault(Pfn pfn) -> HostFault {
    return w.call([&](TestCore& c) { return host_fault(c, pfn); });
  }
};

TEST_F(Decoy, good_host_sees_the_decoy_until_the_page_returns) {
  const VmHandle vm = *create(params());
  w.topup(vm, 4);
  EXPECT_TRUE(w.call([&](TestCore& c) { return vm_set_ram(c, vm, Gfn{0}, 1024); }));
  const Pfn page = w.fresh_page();
  EXPECT_TRUE(w.call([&](TestCore& c) { return mem_donate(c, vm, Gfn{1}, page, 1); }));
  EXPECT_TRUE(w.call([&](TestCore& c) { return mem_donate(c, vm, Gfn{512}, Pfn{0x40400}, 512); }));
  for (const Pfn pfn : {page, Pfn{0x40400}, Pfn{0x40444}}) {
    EXPECT_FALSE(host_mapped(w.core, pfn));
    EXPECT_EQ(fault(pfn), HostFault::decoy);
    EXPECT_TRUE(host_mapped(w.core, pfn));
    EXPECT_EQ(w.host_sees(pfn), std::vector<Pfn>{Pfn{0x40102}});
    EXPECT_EQ(fault(pfn), HostFault::spurious);
  }
  EXPECT_EQ(w.core.counters.decoys, 3U);
  EXPECT_TRUE(w.call([&](TestCore& c) { return guest_release(c, vm, Gfn{1}, Gfn{2}); }));
  EXPECT_EQ(w.host_sees(page), std::vector<Pfn>{page});
  EXPECT_TRUE(w.call([&](TestCore& c) { return guest_release(c, vm, Gfn{512}, Gfn{1024}); }));
  EXPECT_EQ(w.host_sees(Pfn{0x40444}), std::vector<Pfn>{Pfn{0x40444}});
}

TEST_F(Decoy, bad_pages_without_a_decoy) {
  const VmHandle vm = *create(params());
  static_cast<void>(vm);
  EXPECT_EQ(fault(w.fresh_page()), HostFault::spurious);
  EXPECT_EQ(fault(CoreWorld::kHypPages), HostFault::inject);
  EXPECT_EQ(fault(Pfn{0x40100}), HostFault::inject);
  EXPECT_EQ(fault(CoreWorld::kUart), HostFault::inject);
  EXPECT_EQ(fault(Pfn{~std::uint64_t{0}}), HostFault::inject);
  EXPECT_TRUE(host_mapped(w.core, w.fresh_page()));
  EXPECT_FALSE(host_mapped(w.core, CoreWorld::kHypPages));
  EXPECT_FALSE(host_mapped(w.core, CoreWorld::kUart));
}

}  // namespace
}  // namespace redoubt::core
