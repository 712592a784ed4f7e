// SPDX-License-Identifier: Apache-2.0
// What must hold between any two calls, as code: unit tests, the explorer, fuzzers and the debug image call audit().
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/ownership/invariant_tally.hpp"
#include "core/ownership/page_moves.hpp"
#include "core/stage2/guest_walk.hpp"

namespace redoubt::core {

// The first rule found broken.
enum class Broken : std::uint8_t {
  none,
  page_word,     // an impossible combination in a page's entry, or a slot without a VM
  host_map,      // the host's stage 2 at a page's address is not what the page's owner implies
  host_count,    // a block's count of mapped pages, or block <=> 512
  guest_leaf,    // a leaf maps a page that is not the guest's, not borrowed, or in the wrong half
  guest_alias,   // borrowed in the shared half while the private half is not EMPTY there
  guest_table,   // a table page that is not the VM's, or is used twice
  one_mapping,   // a guest page is mapped more or less than once
  borrow_count,  // borrow counts and guest mappings disagree
  pool,          // a pool page is not the VM's, not zero, or in use
  vcpu,          // a vCPU's pages, or the counts of vCPUs
  vm_count,      // a VM's page counts
  counters,      // the sums of Counters
};

template <Machine M>
class Audit final {
 public:
  // tally: scratch, one element per page of RAM.
  Audit(Core<M>& core, std::span<PageTally> tally) noexcept : core_(core), tally_(tally) {}

  [[nodiscard]] auto run() noexcept -> Broken {
    for (std::uint64_t i = 0; i < core_.pages.pages(); ++i) tally_[i] = PageTally{};
    for (std::uint32_t slot = 0; slot < VmTable::kSlots; ++slot) check_vm(core_.vms.at(slot));
    for (const PageDb::Region& region : core_.pages.regions()) check_region(region);
    check_sums();
    return broken_;
  }

 private:
  void expect(bool holds, Broken rule) noexcept {
    if (!holds && broken_ == Broken::none) broken_ = rule;
  }
  [[nodiscard]] auto entry_of(Pfn pfn) const noexcept -> PageEntry {
    const auto place = core_.pages.find(pfn);
    return place ? core_.pages.at(place->page) : PageEntry::hyp_pinned();
  }
  [[nodiscard]] auto tally_of(Pfn pfn) noexcept -> PageTally& {
    const auto place = core_.pages.find(pfn);
    expect(place.has_value(), Broken::guest_table);
    return tally_[place ? place->page.value() : 0];
  }
  [[nodiscard]] static auto tables_alive(const Vm& vm) noexcept -> bool {
    return vm.state != VmState::free && (vm.state != VmState::dead || vm.mapped_pages != 0);
  }

  // --- one VM ---
  void check_vm(const Vm& vm) noexcept {
    if (vm.state == VmState::free) return expect(vm == fresh(vm), Broken::vm_count);
    ++sums_.vms;
    check_vcpus(vm);
    if (!tables_alive(vm)) return;
    for (std::uint32_t i = 0; i < RD_VM_ROOT_PAGES; ++i) use_table(vm, pfn_of(vm.root) + i);
    for (std::uint64_t frame = 0; frame < vm.frames(); frame += entry_pages(Level::L1)) {
      const Descriptor desc = core_.machine.load(guest_root_slot(vm, frame));
      if (is_table(desc))
        check_middle(vm, arm64::s2::table_of(desc), frame);
      else
        check_entry(vm, desc, Level::L1, frame);
    }
    for (std::uint32_t i = 0; i < vm.pool.size(); ++i) check_pool_page(vm, vm.pool.at(i));
  }
  [[nodiscard]] static auto fresh(const Vm& vm) noexcept -> Vm {
    Vm empty{};
    empty.slot = vm.slot;
    empty.generation = vm.generation;
    return empty;
  }
  [[nodiscard]] static auto is_table(Descriptor desc) noexcept -> bool { return arm64::s2::is_table(desc, Level::L1); }

  void check_middle(const Vm& vm, Pa table, std::uint64_t first) noexcept {
    use_table(vm, pfn_of(table));
    for (std::uint64_t i = 0; i < arm64::kTableEntries; ++i) {
      const std::uint64_t frame = first + i * entry_pages(Level::L2);
      const Descriptor desc = core_.machine.load(table + i * sizeof(Descriptor));
      if (is_table(desc))
        check_leaves(vm, arm64::s2::table_of(desc), frame);
      else
        check_entry(vm, desc, Level::L2, frame);
    }
  }
  void check_leaves(const Vm& vm, Pa table, std::uint64_t first) noexcept {
    use_table(vm, pfn_of(table));
    for (std::uint64_t i = 0; i < arm64::kTableEntries; ++i) {
      check_entry(vm, core_.machine.load(table + i * sizeof(Descriptor)), Level::L3, first + i);
    }
  }
  void use_table(const Vm& vm, Pfn pfn) noexcept {
    expect(entry_of(pfn) == PageEntry::meta_of(vm.slot), Broken::guest_table);
    expect(++tally_of(pfn).tables == 1, Broken::guest_table);
  }
  void check_entry(const Vm& vm, Descriptor desc, Level level, std::uint64_t frame) noexcept {
    if (!arm64::s2::valid(desc)) {
      const bool shared = frame >= vm.private_frames();
      expect(desc == invalid_with(ripas_of_invalid(desc)), Broken::guest_leaf);
      return expect(!shared || ripas_of_invalid(desc) == Ripas::empty, Broken::guest_leaf);
    }
    expect(owned_leaf(desc) == (frame < vm.private_frames()), Broken::guest_leaf);
    for (std::uint64_t i = 0; i < kBlockPages && i < entry_pages(level); ++i) {
      check_mapped(vm, desc, arm64::s2::frame_of(desc) + i, Gfn{frame + i});
    }
  }
  void check_mapped(const Vm& vm, Descriptor desc, Pfn pfn, Gfn gfn) noexcept {
    const PageEntry entry = entry_of(pfn);
    PageTally& tally = tally_of(pfn);
    if (owned_leaf(desc)) {
      if (vm.state == VmState::dead) return;  // not walked any more; reclaim does not edit it
      ++tally.owned_maps;
      expect(entry.owner() == Owner::guest && entry.slot() == vm.slot, Broken::guest_leaf);
      return expect(desc_matches(desc, Prot::rwx(), true), Broken::guest_leaf);
    }
    ++tally.borrows;
    ++borrowed_of_[vm.slot];
    expect(entry.owner() == Owner::host, Broken::guest_leaf);
    expect(desc_matches(desc, Prot::of_leaf(desc), false), Broken::guest_leaf);
    if (!vm.prot) return;
    expect(!Prot::of_leaf(desc).executable(), Broken::guest_leaf);
    const GuestEntry alias = guest_walk(core_.machine, vm, Gfn{gfn.value() - vm.private_frames()});
    expect(!alias.mapped() && alias.ripas() == Ripas::empty, Broken::guest_alias);
  }
  [[nodiscard]] auto desc_matches(Descriptor desc, Prot prot, bool owned) const noexcept -> bool {
    return arm64::s2::attributes_of(desc) == guest_attributes(core_.config.guest_fwb, prot, owned);
  }
  void check_pool_page(const Vm& vm, Pfn pfn) noexcept {
    expect(entry_of(pfn) == PageEntry::meta_of(vm.slot), Broken::pool);
    expect(++tally_of(pfn).tables == 1, Broken::pool);
    for (std::uint64_t i = 0; i < arm64::kTableEntries; ++i) {
      expect(core_.machine.load(pa_of(pfn) + i * sizeof(Descriptor)) == 0, Broken::pool);
    }
  }
  void check_vcpus(const Vm& vm) noexcept {
    std::uint32_t created = 0;
    std::uint32_t loaded = 0;
    for (std::uint32_t i = 0; i < RD_MAX_VCPUS; ++i) {
      const Vcpu& vcpu = vm.vcpus[i];
      if (!vcpu.exists) {
        expect(vcpu == Vcpu{}, Broken::vcpu);
        continue;
      }
      ++created;
      loaded += vcpu.loaded ? 1 : 0;
      expect(i < vm.nr_vcpus && entry_of(vcpu.state) == PageEntry::meta_of(vm.slot), Broken::vcpu);
      expect(++tally_of(vcpu.state).tables == 1, Broken::vcpu);
      expect(++tally_of(vcpu.run).run_pages == 1, Broken::vcpu);
    }
    expect(created == vm.created_vcpus && loaded == vm.loaded_vcpus, Broken::vcpu);
    expect(loaded == 0 || vm.state == VmState::runnable || vm.state == VmState::stopped, Broken::vcpu);
  }

  // --- all pages ---
  void check_region(const PageDb::Region& region) noexcept {
    for (std::uint64_t i = 0; i < region.count; ++i) {
      const Pfn pfn = region.first + i;
      const PageEntry entry = core_.pages.at(PageIndex{region.index_base + i});
      check_word(entry);
      check_tally(entry, tally_[region.index_base + i]);
      check_host_map(pfn, entry);
      const bool block_ends = aligned(pfn.value() + 1, kBlockPages) || i + 1 == region.count;
      if (block_ends) check_block(pfn);
    }
  }
  void check_word(PageEntry entry) noexcept {
    const Vm& vm = core_.vms.at(entry.slot() < VmTable::kSlots ? entry.slot() : 0);
    const bool vm_lives = entry.slot() < VmTable::kSlots && vm.state != VmState::free;
    switch (entry.owner()) {
      case Owner::host:
        expect(entry.lendable() || entry == PageEntry{}.with_hyp_shared(true), Broken::page_word);
        break;
      case Owner::hyp:
        expect(entry == PageEntry::hyp_pinned() || (entry == PageEntry::meta_of(entry.slot()) && vm_lives),
               Broken::page_word);
        if (!entry.pinned()) ++meta_of_[vm.slot];
        break;
      case Owner::guest:
        expect(entry.with_decoy(false) == PageEntry::guest_of(entry.slot()) && vm_lives, Broken::page_word);
        ++owned_of_[vm.slot];
        break;
      default: expect(false, Broken::page_word);
    }
  }
  void check_tally(PageEntry entry, const PageTally& tally) noexcept {
    const bool guest = entry.owner() == Owner::guest;
    const bool dead = guest && core_.vms.at(entry.slot()).state == VmState::dead;
    expect(tally.owned_maps == (guest && !dead ? 1U : 0U), Broken::one_mapping);
    expect(tally.borrows == entry.borrows(), Broken::borrow_count);
    expect(tally.run_pages == (entry.hyp_shared() ? 1U : 0U), Broken::vcpu);
  }
  void check_host_map(Pfn pfn, PageEntry entry) noexcept {
    Descriptor expected = 0;
    if (entry.owner() == Owner::host) expected = host_leaf(core_.host, pfn, Level::L3);
    if (entry.decoy()) {
      const Pfn decoy = core_.vms.at(entry.slot()).decoy;
      expected = arm64::s2::make_leaf(decoy, Level::L3, decoy_attributes(core_.host.fwb));
    }
    const Descriptor block = core_.machine.load(host_block_slot(core_.machine, core_.host, pfn));
    if (arm64::s2::is_leaf(block, Level::L2)) {
      const Pfn first{align_down(pfn.value(), kBlockPages)};
      expect(block == host_leaf(core_.host, first, Level::L2), Broken::host_map);
      return expect(entry.owner() == Owner::host, Broken::host_map);
    }
    Descriptor actual = 0;
    if (is_table(block)) {
      actual = core_.machine.load(table_slot(arm64::s2::table_of(block), Level::L3, pfn.value()));
    }
    expect(actual == expected, Broken::host_map);
  }
  void check_block(Pfn last) noexcept {
    const Pfn first{align_down(last.value(), kBlockPages)};
    std::uint64_t mapped = 0;
    for (std::uint64_t i = 0; i < kBlockPages; ++i) {
      const auto place = core_.pages.find(first + i);
      if (place && core_.pages.at(place->page).owner() == Owner::host) ++mapped;
    }
    const BlockIndex block = core_.pages.find(last)->block;
    expect(core_.host.mapped[block.value()] == mapped, Broken::host_count);
    const Descriptor desc = core_.machine.load(host_block_slot(core_.machine, core_.host, first));
    const bool as_block = mapped == kBlockPages && !core_.host.devices;
    expect(arm64::s2::is_leaf(desc, Level::L2) == as_block, Broken::host_count);
    expect(!is_table(desc) || arm64::s2::table_of(desc) == core_.host.leaf_table(block), Broken::host_count);
  }
  void check_sums() noexcept {
    for (std::uint32_t slot = 0; slot < VmTable::kSlots; ++slot) {
      const Vm& vm = core_.vms.at(slot);
      expect(vm.meta_pages == meta_of_[slot], Broken::vm_count);
      expect(vm.mapped_pages == owned_of_[slot] + borrowed_of_[slot], Broken::vm_count);
      sums_.hyp_pages += meta_of_[slot];
      sums_.guest_pages += owned_of_[slot];
      sums_.borrowed_pages += borrowed_of_[slot];
    }
    sums_.decoys = core_.counters.decoys;
    expect(sums_ == core_.counters, Broken::counters);
  }

  Core<M>& core_;
  std::span<PageTally> tally_;
  std::array<std::uint64_t, VmTable::kSlots> meta_of_{};
  std::array<std::uint64_t, VmTable::kSlots> owned_of_{};
  std::array<std::uint64_t, VmTable::kSlots> borrowed_of_{};
  Counters sums_{};
  Broken broken_ = Broken::none;
};

template <Machine M>
[[nodiscard]] auto audit(Core<M>& core, std::span<PageTally> tally) noexcept -> Broken {
  return Audit<M>{core, tally}.run();
}

}  // namespace redoubt::core
