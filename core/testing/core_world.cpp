// SPDX-License-Identifier: Apache-2.0
#include "core/testing/core_world.hpp"

#include <algorithm>

namespace redoubt::core {

using host::Event;

CoreWorld::CoreWorld(unsigned host_ipa_bits, bool devices) { boot(host_ipa_bits, devices); }

auto CoreWorld::boot_alloc(std::uint64_t pages) -> Pfn {
  next_boot_ = Pfn{(next_boot_.value() + pages - 1) & ~(pages - 1)};
  const Pfn first = next_boot_;
  next_boot_ = next_boot_ + pages;
  return first;
}

void CoreWorld::boot(unsigned host_ipa_bits, bool devices) {
  entries_.resize(kRamPages + kRaggedPages);
  tally_.resize(entries_.size());
  PageDb db{std::span{entries_}};
  EXPECT_TRUE(db.add_region(kRam, kRamPages));
  EXPECT_TRUE(db.add_region(kRagged, kRaggedPages));
  EXPECT_TRUE(db.pin_for_hyp(kHypPages, 64));
  mapped_.resize(db.blocks());
  world.give_to_hyp(kHypPages, 64);

  core.machine = host::FakeMachine{world};
  core.pages = db;
  const Pfn leaf_tables = boot_alloc(1);
  for (std::uint64_t i = 1; i < db.blocks(); ++i) static_cast<void>(boot_alloc(1));
  auto alloc = [this](std::uint64_t pages) noexcept -> Result<Pa> { return pa_of(boot_alloc(pages)); };
  const MmioWindow windows[] = {{kUart, 1}};
  const HostLayout layout{host_ipa_bits, pa_of(leaf_tables), std::span{mapped_}, false, devices};
  const auto tables = build_host_tables(core.machine, core.pages, layout, std::span{windows}, alloc);
  ASSERT_TRUE(tables);
  core.host = *tables;
  world.bbm.expect_devices(devices);
  world.bbm.add_root(kHostVmid, tables->root, tables->geometry.start, tables->geometry.root_tables);
  EXPECT_EQ(world.bbm.violations(), std::vector<std::string>{});
  EXPECT_EQ(check(), Broken::none);
}

void CoreWorld::before() {
  world.bbm.begin_call();
  world.bbm.clear_violations();
  entries_before_ = entries_;
  mapped_before_ = mapped_;
  counters_before_ = core.counters;
  vms_before_.clear();
  for (std::uint32_t slot = 0; slot < VmTable::kSlots; ++slot) vms_before_.push_back(core.vms.at(slot));
  history_before_ = world.history.size();
}

void CoreWorld::after(bool failed) {
  world.bbm.end_call();
  sync_roots();
  EXPECT_EQ(world.bbm.violations(), std::vector<std::string>{});
  EXPECT_EQ(check(), Broken::none);
  check_hyp_map();
  if (!failed) return;
  EXPECT_EQ(entries_, entries_before_);
  EXPECT_EQ(mapped_, mapped_before_);
  EXPECT_EQ(core.counters, counters_before_);
  for (std::uint32_t slot = 0; slot < VmTable::kSlots; ++slot) EXPECT_EQ(core.vms.at(slot), vms_before_[slot]);
  int balance = 0;  // EL2 mappings made and undone are no trace; anything else is
  for (std::size_t i = history_before_; i < world.history.size(); ++i) {
    const Event& event = world.history[i];
    EXPECT_TRUE(event.kind == Event::Kind::map_hyp || event.kind == Event::Kind::unmap_hyp);
    balance += event.kind == Event::Kind::map_hyp ? 1 : -1;
  }
  EXPECT_EQ(balance, 0);
}

// EL2 maps its own pages and the run pages, nothing else.
void CoreWorld::check_hyp_map() {
  for (const PageDb::Region& region : core.pages.regions()) {
    for (std::uint64_t i = 0; i < region.count; ++i) {
      const PageEntry entry = entries_[region.index_base + i];
      const bool expected = entry.owner() == Owner::hyp || entry.hyp_shared();
      if (world.ram.at(region.first + i).hyp_mapped != expected) ADD_FAILURE() << "EL2's map of page " << i;
    }
  }
}

void CoreWorld::sync_roots() {
  for (std::uint32_t slot = 0; slot < VmTable::kSlots; ++slot) {
    const Vm& vm = core.vms.at(slot);
    const bool lives = vm.state != VmState::free && vm.state != VmState::dead;
    if (!lives) world.bbm.retire_root(vm.vmid());
    if (lives && !world.bbm.has_root(vm.vmid())) {
      world.bbm.add_root(vm.vmid(), vm.root, Level::L1, RD_VM_ROOT_PAGES);
    }
  }
}

auto CoreWorld::fresh_block() -> Pfn {
  const Pfn block = next_block_;
  next_block_ = next_block_ + kBlockPages;
  EXPECT_LT(next_block_, kHypPages);
  return block;
}

auto CoreWorld::make_vm(std::uint64_t flags, unsigned tables, unsigned ipa_bits) -> VmHandle {
  next_page_ = Pfn{(next_page_.value() + 2) & ~std::uint64_t{1}};
  const Pfn root = next_page_;
  const Pfn decoy = root + 2;
  next_page_ = decoy;
  const VmParams params{flags, ipa_bits, root, decoy, 1};
  const auto handle = call([&](TestCore& c) { return vm_create(c, params); });
  EXPECT_TRUE(handle);
  topup(*handle, tables);
  return *handle;
}

void CoreWorld::topup(VmHandle vm, unsigned pages) {
  for (unsigned i = 0; i < pages; ++i) {
    EXPECT_TRUE(call([&](TestCore& c) { return vm_topup(c, vm, fresh_page()); }));
  }
}

auto CoreWorld::make_protected(std::uint64_t ram) -> VmHandle {
  const VmHandle vm = make_vm(RD_VM_PROTECTED | RD_VM_RSI);
  EXPECT_EQ(call([&](TestCore& c) { return vm_set_ram(c, vm, Gfn{0}, ram); }), ram);
  return vm;
}

auto CoreWorld::add_vcpu(VmHandle vm, std::uint64_t index) -> Pfn {
  const Pfn state = fresh_page();
  const Pfn run = fresh_page();
  EXPECT_TRUE(call([&](TestCore& c) { return vcpu_create(c, vm, VcpuIndex{index}, state, run); }));
  return run;
}

auto CoreWorld::guest_sees(VmHandle vm, Gfn gfn) -> std::vector<Pfn> {
  return world.bbm.reachable((*core.vms.find(vm))->vmid(), gfn.value());
}

auto CoreWorld::zero(Pfn pfn) -> bool {
  const auto& words = world.ram.at(pfn).words;
  return std::ranges::all_of(words, [](std::uint64_t word) { return word == 0; });
}

}  // namespace redoubt::core
