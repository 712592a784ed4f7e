// SPDX-License-Identifier: Apache-2.0
#include "core/testing/core_world.hpp"

namespace redoubt::core {
namespace {

using TestCore = CoreWorld::TestCore;
using Pages = std::vector<Pfn>;

class Donate : public testing::Test {
 protected:
  auto donate(VmHandle vm, Gfn gfn, Pfn pfn, std::uint64_t pages = 1) -> long {
    return status(w.call([&](TestCore& c) { return mem_donate(c, vm, gfn, pfn, pages); }));
  }
  CoreWorld w;
};

TEST_F(Donate, good_page_moves_from_host_to_guest_wiped) {
  const VmHandle vm = w.make_protected();
  const Pfn page = w.fresh_page();
  w.fill(page, 0xdeadbeef);
  EXPECT_EQ(w.host_sees(page), Pages{page});
  EXPECT_EQ(donate(vm, Gfn{5}, page), 0);
  EXPECT_EQ(w.host_sees(page), Pages{});
  EXPECT_EQ(w.guest_sees(vm, Gfn{5}), Pages{page});
  EXPECT_TRUE(w.zero(page));
  EXPECT_EQ(w.entry(page), PageEntry::guest_of(0));
}

TEST_F(Donate, good_block_is_mapped_as_a_block) {
  const VmHandle vm = w.make_protected();
  const Pfn block = w.fresh_block();
  w.fill(block + 511, 0xdeadbeef);
  EXPECT_EQ(donate(vm, Gfn{512}, block, 512), 0);
  EXPECT_TRUE(w.zero(block + 511));
  EXPECT_EQ(w.guest_sees(vm, Gfn{1023}), Pages{block + 511});
  EXPECT_EQ(w.host_sees(block + 17), Pages{});
  EXPECT_EQ(guest_walk(w.core.machine, **w.core.vms.find(vm), Gfn{512}).level, Level::L2);
}

TEST_F(Donate, good_block_fills_an_existing_empty_table) {
  const VmHandle vm = w.make_vm(RD_VM_PROTECTED);
  EXPECT_TRUE(w.call([&](TestCore& c) { return vm_set_ram(c, vm, Gfn{512}, 511); }));
  EXPECT_TRUE(w.call([&](TestCore& c) { return vm_set_ram(c, vm, Gfn{1023}, 1); }));
  EXPECT_EQ(donate(vm, Gfn{512}, w.fresh_block(), 512), 0);
  EXPECT_EQ(guest_walk(w.core.machine, **w.core.vms.find(vm), Gfn{512}).level, Level::L3);
}

TEST_F(Donate, bad_block_over_a_partly_used_table) {
  const VmHandle vm = w.make_protected();
  EXPECT_EQ(donate(vm, Gfn{1000}, w.fresh_page()), 0);
  EXPECT_EQ(donate(vm, Gfn{512}, w.fresh_block(), 512), RD_E_EXISTS);
  const VmHandle partly = w.make_vm(RD_VM_PROTECTED);
  EXPECT_TRUE(w.call([&](TestCore& c) { return vm_set_ram(c, partly, Gfn{512}, 511); }));
  EXPECT_EQ(donate(partly, Gfn{512}, w.fresh_block(), 512), RD_E_PERM);
}

TEST_F(Donate, bad_arguments) {
  const VmHandle vm = w.make_protected();
  const Pfn page = w.fresh_page();
  EXPECT_EQ(donate(VmHandle{vm.value() + 256}, Gfn{0}, page), RD_E_NOT_FOUND);
  EXPECT_EQ(donate(VmHandle{0xff}, Gfn{0}, page), RD_E_NOT_FOUND);
  EXPECT_EQ(donate(vm, Gfn{0}, page, 0), RD_E_INVALID);
  EXPECT_EQ(donate(vm, Gfn{0}, page, 2), RD_E_INVALID);
  EXPECT_EQ(donate(vm, Gfn{1}, w.fresh_block(), 512), RD_E_INVALID);
  EXPECT_EQ(donate(vm, Gfn{0}, page, 512), RD_E_INVALID);
  EXPECT_EQ(donate(vm, Gfn{std::uint64_t{1} << 20}, page), RD_E_INVALID) << "shared half";
  EXPECT_EQ(donate(vm, Gfn{std::uint64_t{1} << 21}, page), RD_E_INVALID) << "beyond the IPA space";
  EXPECT_EQ(donate(vm, Gfn{~std::uint64_t{0}}, page), RD_E_INVALID);
}

TEST_F(Donate, bad_page_that_is_not_ram_or_not_the_hosts) {
  const VmHandle vm = w.make_protected();
  const Pfn page = w.fresh_page();
  EXPECT_EQ(donate(vm, Gfn{0}, CoreWorld::kUart), RD_E_INVALID);
  EXPECT_EQ(donate(vm, Gfn{0}, Pfn{~std::uint64_t{0}}), RD_E_INVALID);
  EXPECT_EQ(donate(vm, Gfn{0}, CoreWorld::kRam + CoreWorld::kRamPages), RD_E_INVALID);
  EXPECT_EQ(donate(vm, Gfn{0}, CoreWorld::kHypPages), RD_E_PERM);
  EXPECT_EQ(donate(vm, Gfn{0}, page), 0);
  EXPECT_EQ(donate(vm, Gfn{1}, page), RD_E_PERM) << "a page has one owner";
  EXPECT_EQ(donate(vm, Gfn{0}, w.fresh_page()), RD_E_EXISTS);
  const VmHandle other = w.make_protected();
  EXPECT_EQ(donate(other, Gfn{0}, page), RD_E_PERM);
}

TEST_F(Donate, bad_while_shared) {
  const VmHandle vm = w.make_protected();
  const VmHandle ordinary = w.make_vm(0);
  const Pfn page = w.fresh_page();
  EXPECT_TRUE(w.call([&](TestCore& c) { return mem_share(c, ordinary, Gfn{3}, page, 1, RD_PROT_R); }));
  EXPECT_EQ(donate(vm, Gfn{0}, page), RD_E_PERM);
  EXPECT_EQ(donate(ordinary, Gfn{0}, w.fresh_page()), RD_E_PERM) << "ordinary VMs own nothing";
  const Pfn run = w.add_vcpu(vm);
  EXPECT_EQ(donate(vm, Gfn{0}, run), RD_E_PERM) << "EL2 maps it";
}

TEST_F(Donate, bad_where_ripas_is_empty) {
  const VmHandle vm = w.make_protected(16);
  EXPECT_EQ(donate(vm, Gfn{16}, w.fresh_page()), RD_E_PERM);
  EXPECT_EQ(donate(vm, Gfn{15}, w.fresh_page()), 0);
}

TEST_F(Donate, bad_without_tables) {
  const VmHandle vm = w.make_vm(RD_VM_PROTECTED, 0);
  EXPECT_TRUE(w.call([&](TestCore& c) { return vm_set_ram(c, vm, Gfn{0}, std::uint64_t{1} << 18); }));
  EXPECT_EQ(donate(vm, Gfn{0}, w.fresh_page()), RD_E_NO_MEMORY);
  w.topup(vm, 1);
  EXPECT_EQ(donate(vm, Gfn{0}, w.fresh_page()), RD_E_NO_MEMORY);
  w.topup(vm, 1);
  EXPECT_EQ(donate(vm, Gfn{0}, w.fresh_page()), 0);
  EXPECT_EQ(donate(vm, Gfn{511}, w.fresh_page()), 0) << "same table";
}

TEST_F(Donate, good_ragged_ram_works_page_by_page) {
  const VmHandle vm = w.make_protected();
  for (std::uint64_t i = 0; i < CoreWorld::kRaggedPages; ++i) {
    EXPECT_EQ(donate(vm, Gfn{1024 + i}, CoreWorld::kRagged + i), 0);
  }
  EXPECT_EQ(donate(vm, Gfn{512}, Pfn{0x40800}, 512), RD_E_INVALID) << "half of that block is not RAM";
}

class DonateImage : public Donate {
 protected:
  auto donate_image(VmHandle vm, Gfn gfn, Pfn pfn) -> long {
    return status(w.call([&](TestCore& c) {
      return mem_donate_image(c, vm, gfn, pfn, [&](Pfn measured) noexcept {
        EXPECT_EQ(measured, pfn);
        EXPECT_EQ(w.host_sees(pfn), Pages{}) << "the host could still change what is measured";
        EXPECT_EQ(w.guest_sees(vm, gfn), Pages{});
        measured_content = w.world.ram.at(pfn).words[7];
      });
    }));
  }
  std::uint64_t measured_content = 0;
};

TEST_F(DonateImage, good_content_is_kept_and_measured_alone) {
  const VmHandle vm = w.make_protected();
  const Pfn page = w.fresh_page();
  w.fill(page, 0x1234);
  EXPECT_EQ(donate_image(vm, Gfn{3}, page), 0);
  EXPECT_EQ(measured_content, 0x1234U);
  EXPECT_EQ(w.guest_sees(vm, Gfn{3}), Pages{page});
  EXPECT_EQ(w.world.ram.at(page).words[0], 0x1234U);
}

TEST_F(DonateImage, bad_order_and_state) {
  const VmHandle vm = w.make_protected();
  EXPECT_EQ(donate_image(vm, Gfn{3}, w.fresh_page()), 0);
  EXPECT_EQ(donate_image(vm, Gfn{3}, w.fresh_page()), RD_E_INVALID);
  EXPECT_EQ(donate_image(vm, Gfn{2}, w.fresh_page()), RD_E_INVALID);
  EXPECT_EQ(donate_image(vm, Gfn{4096}, w.fresh_page()), RD_E_PERM) << "not RAM";
  w.add_vcpu(vm);
  EXPECT_TRUE(w.call([&](TestCore& c) { return vm_finalise(c, vm); }));
  EXPECT_EQ(donate_image(vm, Gfn{9}, w.fresh_page()), RD_E_FROZEN);
  EXPECT_EQ(donate(vm, Gfn{9}, w.fresh_page()), 0);
  EXPECT_TRUE(w.call([&](TestCore& c) { return vm_stop(c, vm); }));
  EXPECT_EQ(donate(vm, Gfn{10}, w.fresh_page()), RD_E_DEAD);
}

}  // namespace
}  // namespace redoubt::core
