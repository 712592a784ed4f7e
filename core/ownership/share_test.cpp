// SPDX-License-Identifier: Apache-2.0
#include "core/testing/core_world.hpp"

namespace redoubt::core {
namespace {

using TestCore = CoreWorld::TestCore;
using Pages = std::vector<Pfn>;

constexpr std::uint64_t kRw = RD_PROT_R | RD_PROT_W;
constexpr std::uint64_t kRwx = kRw | RD_PROT_X;
constexpr std::uint64_t kHalf = std::uint64_t{1} << 20;  // private frames of a 33-bit protected VM

class Share : public testing::Test {
 protected:
  auto share(VmHandle vm, Gfn gfn, Pfn pfn, std::uint64_t pages = 1, std::uint64_t prot = kRwx) -> long {
    return status(w.call([&](TestCore& c) { return mem_share(c, vm, gfn, pfn, pages, prot); }));
  }
  auto unshare(VmHandle vm, Gfn gfn, std::uint64_t pages) -> long {
    const auto done = w.call([&](TestCore& c) { return mem_unshare(c, vm, gfn, pages); });
    return done ? static_cast<long>(*done) : status_of(done.error());
  }
  auto page_at(VmHandle vm, Gfn gfn) -> GuestPage {
    return *w.call([&](TestCore& c) { return guest_page(c, vm, gfn); });
  }
  CoreWorld w;
};

TEST_F(Share, good_ordinary_vm_borrows_and_returns) {
  const VmHandle vm = w.make_vm(0);
  const Pfn page = w.fresh_page();
  w.fill(page, 42);
  EXPECT_EQ(share(vm, Gfn{7}, page, 1, RD_PROT_R), 0);
  EXPECT_EQ(w.guest_sees(vm, Gfn{7}), Pages{page});
  EXPECT_EQ(w.host_sees(page), Pages{page}) << "still the host's";
  EXPECT_EQ(w.entry(page).borrows(), 1U);
  EXPECT_FALSE(page_at(vm, Gfn{7}).prot.writable());
  EXPECT_FALSE(page_at(vm, Gfn{7}).owned);
  EXPECT_EQ(unshare(vm, Gfn{0}, 512), 1);
  EXPECT_EQ(w.guest_sees(vm, Gfn{7}), Pages{});
  EXPECT_TRUE(w.entry(page).host_exclusive());
  EXPECT_EQ(w.world.ram.at(page).words[0], 42U) << "content is the host's";
}

TEST_F(Share, good_rights_are_what_was_asked) {
  const VmHandle vm = w.make_vm(0);
  const Pfn page = w.fresh_page();
  std::uint64_t frame = 0;
  for (const std::uint64_t prot : {1U, 3U, 5U, 7U}) {
    EXPECT_EQ(share(vm, Gfn{frame}, page, 1, prot), 0);
    EXPECT_EQ(page_at(vm, Gfn{frame++}).prot.bits(), prot);
  }
  EXPECT_EQ(w.entry(page).borrows(), 4U);
}

TEST_F(Share, good_block_is_split_by_a_partial_return) {
  const VmHandle vm = w.make_vm(0, 1);
  const Pfn block = w.fresh_block();
  EXPECT_EQ(share(vm, Gfn{512}, block, 512), 0);
  EXPECT_EQ(unshare(vm, Gfn{1000}, 1), RD_E_NO_MEMORY) << "the level-2 table took the only page";
  w.topup(vm, 1);
  EXPECT_EQ(unshare(vm, Gfn{1000}, 48), 24) << "[1000, 1024) was mapped";
  EXPECT_EQ(w.guest_sees(vm, Gfn{999}), Pages{block + 487});
  EXPECT_EQ(w.guest_sees(vm, Gfn{1000}), Pages{});
  EXPECT_EQ(unshare(vm, Gfn{512}, 512), 488);
  EXPECT_EQ(share(vm, Gfn{512}, block, 512), 0) << "fills the table that is there";
}

TEST_F(Share, bad_arguments) {
  const VmHandle vm = w.make_vm(0);
  const Pfn page = w.fresh_page();
  EXPECT_EQ(share(vm, Gfn{0}, page, 1, 0), RD_E_INVALID);
  EXPECT_EQ(share(vm, Gfn{0}, page, 1, RD_PROT_W), RD_E_INVALID);
  EXPECT_EQ(share(vm, Gfn{0}, page, 1, 8 | RD_PROT_R), RD_E_INVALID);
  EXPECT_EQ(share(vm, Gfn{0}, page, 3), RD_E_INVALID);
  EXPECT_EQ(share(vm, Gfn{2 * kHalf}, page), RD_E_INVALID);
  EXPECT_EQ(share(vm, Gfn{0}, CoreWorld::kUart), RD_E_INVALID);
  EXPECT_EQ(share(vm, Gfn{0}, CoreWorld::kHypPages), RD_E_PERM);
  EXPECT_EQ(share(vm, Gfn{0}, page), 0);
  EXPECT_EQ(share(vm, Gfn{0}, page), RD_E_EXISTS);
  EXPECT_EQ(unshare(vm, Gfn{0}, 0), RD_E_INVALID);
  EXPECT_EQ(unshare(vm, Gfn{0}, 513), RD_E_INVALID);
  EXPECT_EQ(unshare(vm, Gfn{2 * kHalf - 1}, 2), RD_E_INVALID);
  EXPECT_EQ(unshare(vm, Gfn{~std::uint64_t{0}}, 2), RD_E_INVALID);
}

TEST_F(Share, bad_guest_page_cannot_be_shared) {
  const VmHandle prot = w.make_protected();
  const VmHandle vm = w.make_vm(0);
  const Pfn page = w.fresh_page();
  EXPECT_TRUE(w.call([&](TestCore& c) { return mem_donate(c, prot, Gfn{0}, page, 1); }));
  EXPECT_EQ(share(vm, Gfn{0}, page), RD_E_PERM);
  EXPECT_EQ(share(prot, Gfn{kHalf + 4096}, page), RD_E_PERM);
  EXPECT_EQ(share(vm, Gfn{0}, w.add_vcpu(vm)), RD_E_PERM) << "a run page";
}

TEST_F(Share, bad_borrow_count_is_bounded) {
  const VmHandle vm = w.make_vm(0);
  const Pfn page = w.fresh_page();
  const auto place = *w.core.pages.find(page);
  w.core.pages.set(place.page, PageEntry{}.with_borrows(PageEntry::kMaxBorrows));
  EXPECT_EQ(status(mem_share(w.core, vm, Gfn{0}, page, 1, kRw)), RD_E_BUSY);
  EXPECT_EQ(w.entry(page).borrows(), PageEntry::kMaxBorrows);
}

TEST_F(Share, good_shared_half_is_never_executable) {
  const VmHandle vm = w.make_protected(16);
  const Pfn page = w.fresh_page();
  EXPECT_EQ(share(vm, Gfn{kHalf + 16}, page, 1, kRwx), 0);
  EXPECT_EQ(page_at(vm, Gfn{kHalf + 16}).prot.bits(), kRw);
  EXPECT_TRUE(page_at(vm, Gfn{kHalf + 16}).shared_half);
}

TEST_F(Share, bad_private_half_or_alias_of_ram) {
  const VmHandle vm = w.make_protected(16);
  EXPECT_EQ(share(vm, Gfn{20}, w.fresh_page()), RD_E_PERM);
  EXPECT_EQ(share(vm, Gfn{kHalf + 15}, w.fresh_page()), RD_E_PERM);
  EXPECT_EQ(share(vm, Gfn{kHalf}, w.fresh_block(), 512), RD_E_PERM) << "16 of the 512 aliases are RAM";
  EXPECT_EQ(share(vm, Gfn{kHalf + 512}, w.fresh_block(), 512), 0);
}

TEST_F(Share, good_set_ram_takes_the_alias_away) {
  const VmHandle vm = w.make_protected(16);
  const Pfn page = w.fresh_page();
  EXPECT_EQ(share(vm, Gfn{kHalf + 17}, page), 0);
  EXPECT_EQ(w.call([&](TestCore& c) { return vm_set_ram(c, vm, Gfn{16}, 2); }), 2U);
  EXPECT_EQ(w.guest_sees(vm, Gfn{kHalf + 17}), Pages{});
  EXPECT_TRUE(w.entry(page).host_exclusive());
}

TEST_F(Share, good_unshare_skips_owned_pages) {
  const VmHandle vm = w.make_protected(16);
  EXPECT_TRUE(w.call([&](TestCore& c) { return mem_donate(c, vm, Gfn{3}, w.fresh_page(), 1); }));
  EXPECT_EQ(unshare(vm, Gfn{0}, 512), 0);
  EXPECT_TRUE(page_at(vm, Gfn{3}).mapped);
}

TEST_F(Share, good_dead_vm_returns_its_borrowed_pages) {
  const VmHandle vm = w.make_vm(0);
  const Pfn page = w.fresh_page();
  EXPECT_EQ(share(vm, Gfn{511}, page), 0);
  EXPECT_EQ(share(vm, Gfn{512}, page), 0);
  EXPECT_TRUE(w.call([&](TestCore& c) { return vm_teardown(c, vm); }));
  EXPECT_EQ(share(vm, Gfn{9}, page), RD_E_DEAD);
  EXPECT_EQ(unshare(vm, Gfn{300}, 512), 2) << "the range spans two tables";
  EXPECT_TRUE(w.entry(page).host_exclusive());
  EXPECT_EQ(unshare(vm, Gfn{300}, 512), 0);
}

}  // namespace
}  // namespace redoubt::core
