// SPDX-License-Identifier: Apache-2.0
// Everything at once: each page against the host's tables, each VM's tables against the pages, and a fingerprint of all of
// it that the oracle compares with the one it has carried along call by call.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "proofs/oracle/abstraction.hpp"
#include "proofs/oracle/sums.hpp"
#include "proofs/oracle/words.hpp"

namespace redoubt::oracle {

// What the walk through a VM's tables finds, next to what its pages say.
struct VmSurvey {
  CellSums cells{};
  std::uint64_t tables = 0;        // linked level-2 and level-3 tables
  std::uint64_t frames = 0;        // that map a page
  std::uint64_t meta = 0;          // pages of kind meta
  std::uint64_t guest = 0;         // pages of kind guest
  std::uint64_t leaves_owned = 0;  // sum of mix(page) over the VM's private leaves
  std::uint64_t pages_owned = 0;   // and over the pages that are its own: equal if each is mapped exactly once
};

template <core::Machine M>
class Survey final {
 public:
  using BlockSums = std::span<std::uint64_t>;  // one per 2 MiB block of RAM: PageDb::blocks()

  constexpr Survey(Abstraction<M>& real, Words& words) noexcept : real_(real), words_(words) {}

  // False, with `words` filled, if the machine contradicts itself.
  [[nodiscard]] auto run(BlockSums blocks) noexcept -> bool {
    real_.forget();
    good_ = true;
    for (VmSurvey& vm : vms_) vm = {};
    borrows_ = leaves_borrowed_ = 0;
    for (std::uint64_t& sum : blocks) sum = 0;
    for (const auto& region : real_.real().pages.regions()) look_at_region(region, blocks);
    for (unsigned slot = 0; slot < RD_MAX_VMS; ++slot) look_at_vm(slot);
    for (unsigned slot = 0; slot < RD_MAX_VMS; ++slot) judge(slot);
    const std::uint64_t by_nobody = borrows_ - leaves_borrowed_;
    if (!std::exchange(ran_before_, true)) lent_for_ever_ = by_nobody;
    if (by_nobody != lent_for_ever_) find("counts of borrows", "do not match what guests' tables borrow", 0);
    return good_;
  }
  [[nodiscard]] auto vm(unsigned slot) const noexcept -> const VmSurvey& { return vms_[slot]; }

 private:
  using Region = core::PageDb::Region;

  // Only the first contradiction is told: others may follow from it.
  void find(std::string_view subject, std::string_view what, std::uint64_t number) noexcept {
    if (good_) words_ << subject << " " << number << ": " << what;
    good_ = false;
  }

  // --- pages ---
  void look_at_region(const Region& region, BlockSums blocks) noexcept {
    const std::uint64_t first = region.first.value();
    for (std::uint64_t pfn = first; pfn < first + region.count; ++pfn) {
      if (real_.wholly_the_hosts(pfn)) {
        pfn |= spec::kBlock - 1;
        continue;
      }
      const spec::Page page = real_.page(pfn);
      blocks[region.block_base + (pfn >> 9) - (first >> 9)] += share_of(pfn, page);
      if (page != spec::Page{}) look_at_page(pfn, page);
    }
  }
  void look_at_page(std::uint64_t pfn, const spec::Page& page) noexcept {
    if (page.torn && good_) words_ << "page " << pfn << ": " << page;
    good_ = good_ && !page.torn;
    if (page.kind == spec::Kind::host) borrows_ += page.borrows * mix(pfn);
    if (page.kind != spec::Kind::meta && page.kind != spec::Kind::guest) return;
    if (page.vm >= RD_MAX_VMS || real_.vm(page.vm).life == spec::Life::free) {
      return find("page", "belongs to a VM that does not exist", pfn);
    }
    VmSurvey& vm = vms_[page.vm];
    ++(page.kind == spec::Kind::meta ? vm.meta : vm.guest);
    if (page.kind == spec::Kind::guest) vm.pages_owned += mix(pfn);
  }

  // --- tables ---
  void look_at_vm(unsigned slot) noexcept {
    const spec::Vm vm = real_.vm(slot);
    if (!has_tables(vm)) return;
    for (std::uint64_t gfn = 0; gfn < vm.frames(); gfn += spec::span_of(1)) {
      const spec::Cell cell = real_.cell(slot, gfn);
      if (cell.level == 1) {
        look_at_cell(slot, vm, gfn, cell);
      } else {
        look_at_middle(slot, vm, gfn);
      }
    }
  }
  void look_at_middle(unsigned slot, const spec::Vm& vm, std::uint64_t first) noexcept {
    ++vms_[slot].tables;
    for (std::uint64_t gfn = first; gfn < first + spec::span_of(1);) {
      spec::Cell cell = real_.cell(slot, gfn);
      if (cell.level == 3 && gfn % spec::kBlock == 0) ++vms_[slot].tables;
      look_at_cell(slot, vm, gfn, cell);
      gfn += spec::span_of(cell.level);
    }
  }
  void look_at_cell(unsigned slot, const spec::Vm& vm, std::uint64_t gfn, const spec::Cell& cell) noexcept {
    if (cell.torn && good_) words_ << "frame " << gfn << " of VM " << slot << ": " << cell;
    good_ = good_ && !cell.torn;
    VmSurvey& sums = vms_[slot];
    sums.cells.add(gfn, cell);
    const bool priv = gfn < vm.private_frames();
    if (!cell.mapped) {
      if (!priv && cell.ripas != spec::Ripas::empty) find("frame", "of a shared half is not EMPTY", gfn);
      return;
    }
    if (cell.owned != priv) find("frame", "is mapped as if it were in the other half", gfn);
    if (!cell.owned && vm.prot) look_at_alias(slot, gfn, cell, vm);
    sums.frames += spec::span_of(cell.level);
    for (std::uint64_t i = 0; i < spec::span_of(cell.level); ++i) look_at_leaf(slot, cell.pfn + i, cell.owned);
  }
  void look_at_leaf(unsigned slot, std::uint64_t pfn, bool owned) noexcept {
    if (!real_.is_ram(pfn)) return find("page", "is mapped by a guest and is no RAM", pfn);
    const spec::Page page = real_.page(pfn);
    if (owned) {
      vms_[slot].leaves_owned += mix(pfn);
      if (page.kind != spec::Kind::guest || page.vm != slot) find("page", "is a guest's by its tables alone", pfn);
    } else {
      leaves_borrowed_ += mix(pfn);
      if (page.kind != spec::Kind::host) find("page", "is borrowed from one who does not own it", pfn);
    }
  }
  void look_at_alias(unsigned slot, std::uint64_t gfn, const spec::Cell& cell, const spec::Vm& vm) noexcept {
    if ((cell.prot & RD_PROT_X) != 0) find("frame", "is borrowed and executable in a protected VM", gfn);
    for (std::uint64_t at = gfn - vm.private_frames(), end = at + spec::span_of(cell.level); at < end;) {
      const spec::Cell alias = real_.cell(slot, at);
      if (alias.mapped || alias.ripas != spec::Ripas::empty) return find("frame", "is reachable in both halves", gfn);
      at = spec::end_of(alias, at);
    }
  }

  // --- one against the other ---
  [[nodiscard]] static auto has_tables(const spec::Vm& vm) noexcept -> bool {
    return vm.life != spec::Life::free && (vm.life != spec::Life::dead || vm.mapped != 0);
  }
  void judge(unsigned slot) noexcept {
    const spec::Vm vm = real_.vm(slot);
    const VmSurvey& found = vms_[slot];
    if (vm.meta != found.meta) find("VM", "counts its meta pages wrongly", slot);
    if (vm.life == spec::Life::free) return;
    const bool dead = vm.life == spec::Life::dead;
    if (vm.mapped != found.frames + (dead ? found.guest : 0)) find("VM", "counts its mapped pages wrongly", slot);
    if (!dead && found.leaves_owned != found.pages_owned) find("VM", "maps a private page not exactly once", slot);
    if (dead) return;
    unsigned states = 0;
    for (unsigned i = 0; i < RD_MAX_VCPUS; ++i) states += real_.vcpu(slot, i).exists ? 1 : 0;
    const std::uint64_t used = RD_VM_ROOT_PAGES + 1 + found.tables + vm.pool + states;
    if (vm.meta != used) find("VM", "has meta pages that serve nothing", slot);
    for (unsigned i = 0; i < vm.pool; ++i) look_at_pool(slot, real_.real().vms.at(slot).pool.at(i).value());
  }
  void look_at_pool(unsigned slot, std::uint64_t pfn) noexcept {
    bool wild = false;
    std::uint64_t bits = 0;
    for (unsigned i = 0; i < 512; ++i) bits |= real_.table_word(pfn << 12, i, Abstraction<M>::meta_word(slot), wild);
    if (wild || bits != 0) find("pool page", "is not the VM's or not zero", pfn);
  }

  Abstraction<M>& real_;
  Words& words_;
  std::array<VmSurvey, RD_MAX_VMS> vms_{};
  std::uint64_t borrows_ = 0;
  std::uint64_t leaves_borrowed_ = 0;
  std::uint64_t lent_for_ever_ = 0;  // boot lends what the host may never give away; the first survey sees only that
  bool ran_before_ = false;
  bool good_ = true;
};

}  // namespace redoubt::oracle
