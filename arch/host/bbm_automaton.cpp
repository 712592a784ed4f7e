// SPDX-License-Identifier: Apache-2.0
#include "arch/host/bbm_automaton.hpp"

#include <algorithm>

namespace redoubt::host {

using arm64::Descriptor;
using arm64::Level;

namespace {

auto overlap(std::uint64_t a, std::uint64_t a_pages, std::uint64_t b, std::uint64_t b_pages) -> bool {
  return a < b + b_pages && b < a + a_pages;
}

}  // namespace

void BbmAutomaton::add_root(Vmid vmid, Pa root, Level start, std::uint64_t tables) {
  roots_[vmid.value()] = Root{root};
  for (std::uint64_t i = 0; i < tables; ++i) {
    const std::uint64_t frames_per_table = arm64::entry_pages(start) * arm64::kTableEntries;
    link(root + i * kPageSize, Table{vmid, start, i * frames_per_table});
  }
  unpublished_ = false;
}

void BbmAutomaton::retire_root(Vmid vmid) {
  const auto root = roots_.find(vmid.value());
  if (root == roots_.end()) return;
  if (!root->second.flushed) complain("a VM died without a flush of its VMID");
  const std::uint64_t flushed_after = root->second.icache_syncs;
  roots_.erase(root);
  std::vector<std::uint64_t> gone;
  for (const auto& [pfn, table] : tables_) {
    if (table.vmid == vmid) gone.push_back(pfn);
  }
  for (const std::uint64_t pfn : gone) {
    const Table table = tables_.at(pfn);
    for (std::uint64_t i = 0; i < arm64::kTableEntries; ++i) {
      const Descriptor desc = ram_.word(pa_of(Pfn{pfn}) + i * 8);
      if (!arm64::s2::is_leaf(desc, table.level)) continue;
      for (std::uint64_t p = 0; p < arm64::entry_pages(table.level); ++p) {
        const Pfn pfn_of_leaf = arm64::s2::frame_of(desc) + p;
        count_map(vmid, pfn_of_leaf, false);
        if (!ram_.contains(pfn_of_leaf) || ram_.at(pfn_of_leaf).executed_by != vmid) continue;
        ram_.at(pfn_of_leaf).executed_by = FakePage::kDead;
        ram_.at(pfn_of_leaf).executed_until = flushed_after;
      }
    }
    tables_.erase(pfn);
  }
}

void BbmAutomaton::begin_call() {
  for (auto& [vmid, root] : roots_) root.flushed = false;
  host_lost_.clear();
}

void BbmAutomaton::end_call() {
  if (!stale_.empty()) complain("call ends with stale TLB entries");
  if (entered_) complain("call ends with another VMID loaded");
  if (unpublished_) complain("call ends before a DSB publishes a new entry");
  stale_.clear();
  entered_ = false;
  unpublished_ = false;
}

void BbmAutomaton::stored(Pa pa, Descriptor old, Descriptor desc) {
  const Pfn page = pfn_of(pa);
  unordered_.insert(page.value());
  for (const Stale& stale : stale_) {
    if (stale.table && stale.pfn == page) complain("write to a table that CPUs may still walk");
  }
  const auto found = tables_.find(page.value());
  if (found == tables_.end() || old == desc) return;
  const Table table = found->second;
  const std::uint64_t index = pa.value() % kPageSize / 8;
  const std::uint64_t frame = table.frame + index * arm64::entry_pages(table.level);
  if (arm64::s2::valid(old) && arm64::s2::valid(desc)) complain("valid entry changed without break-before-make");
  if (arm64::s2::valid(old)) entry_removed(table, frame, old);
  if (arm64::s2::valid(desc)) entry_added(table, frame, desc);
}

void BbmAutomaton::entry_added(const Table& table, std::uint64_t frame, Descriptor desc) {
  unpublished_ = true;
  for (const Stale& stale : stale_) {
    const bool same = stale.vmid == table.vmid && !stale.table;
    if (same && overlap(stale.frame, stale.pages, frame, arm64::entry_pages(table.level))) {
      complain("make before the break is complete");
    }
  }
  if (!arm64::s2::is_table(desc, table.level)) return leaf_added(table, frame, desc);
  const Pa child = arm64::s2::table_of(desc);
  if (unordered_.contains(pfn_of(child).value())) complain("table linked before a DSB orders its content");
  link(child, Table{table.vmid, arm64::next_level(table.level), frame});
}

void BbmAutomaton::entry_removed(const Table& table, std::uint64_t frame, Descriptor desc) {
  if (arm64::s2::is_table(desc, table.level)) return unlink(arm64::s2::table_of(desc));
  leaf_removed(table, frame, desc);
}

void BbmAutomaton::link(Pa table_pa, const Table& table) {
  const std::uint64_t pfn = pfn_of(table_pa).value();
  if (!ram_.at(Pfn{pfn}).hyp_mapped) complain("a page that is not EL2's is used as a table");
  if (!tables_.emplace(pfn, table).second) complain("a table page is linked twice");
  for (std::uint64_t i = 0; i < arm64::kTableEntries; ++i) {
    const Descriptor desc = ram_.word(table_pa + i * 8);
    if (arm64::s2::valid(desc)) entry_added(table, table.frame + i * arm64::entry_pages(table.level), desc);
  }
}

void BbmAutomaton::unlink(Pa table_pa) {
  const std::uint64_t pfn = pfn_of(table_pa).value();
  const Table table = tables_.at(pfn);
  tables_.erase(pfn);
  stale_.push_back(Stale{table.vmid, table.frame, table.level, Pfn{pfn}, 1, true});
  for (std::uint64_t i = 0; i < arm64::kTableEntries; ++i) {
    const Descriptor desc = ram_.word(table_pa + i * 8);
    if (arm64::s2::valid(desc)) entry_removed(table, table.frame + i * arm64::entry_pages(table.level), desc);
  }
}

void BbmAutomaton::leaf_added(const Table& table, std::uint64_t frame, Descriptor desc) {
  for (std::uint64_t i = 0; i < arm64::entry_pages(table.level); ++i) {
    const Pfn pfn = arm64::s2::frame_of(desc) + i;
    if (!ram_.contains(pfn)) continue;
    reused(pfn, 1, true, "mapped");
    check_content(table, frame + i, pfn);
    if (table.vmid == Vmid{0} && devices_ && host_lost_.contains(pfn.value()))
      complain("host page absent for a moment");
    check_fetches(table, desc, pfn);
    count_map(table.vmid, pfn, true);
    if (ram_.at(pfn).decoy) continue;
    ram_.at(pfn).content = FakePage::Content::unknown;
    ram_.at(pfn).last_vmid = FakePage::kNobody;
  }
}

void BbmAutomaton::leaf_removed(const Table& table, std::uint64_t frame, Descriptor desc) {
  const Pfn first = arm64::s2::frame_of(desc);
  const std::uint64_t pages = arm64::entry_pages(table.level);
  stale_.push_back(Stale{table.vmid, frame, table.level, first, pages});
  for (std::uint64_t i = 0; i < pages; ++i) {
    if (!ram_.contains(first + i)) continue;
    FakePage& page = ram_.at(first + i);
    count_map(table.vmid, first + i, false);
    if (table.vmid == Vmid{0} && frame == first.value()) host_lost_.insert(frame + i);
    if (arm64::s2::XN::of(desc) == 0) {
      page.executed_by = table.vmid;
      page.executed_until = icache_syncs_;
    }
    if (page.decoy) continue;
    page.content = FakePage::Content::unknown;
    page.last_vmid = table.vmid;
    page.last_frame = frame + i;
  }
}

// May the content of `pfn` be seen at `frame` of this VMID?
void BbmAutomaton::check_content(const Table& table, std::uint64_t frame, Pfn pfn) {
  FakePage& page = ram_.at(pfn);
  const bool host = table.vmid == Vmid{0};
  if (host && frame != pfn.value()) {  // only decoys are not identity-mapped
    if (page.content == FakePage::Content::wiped && page.hyp_mapped) page.decoy = true;
    if (!page.decoy) complain("host sees a page at a foreign address that is not a wiped decoy");
    return;
  }
  if (page.host_maps != 0) return;  // the host knows the content anyway: sharing
  const bool restored = page.last_vmid == table.vmid && page.last_frame == frame;
  const bool fresh = page.content == FakePage::Content::wiped || (!host && page.content == FakePage::Content::cleaned);
  if (!restored && !fresh) complain("page changes hands without being wiped or cleaned");
}

// Could instructions of the earlier user of the page still be executed by the new one?
void BbmAutomaton::check_fetches(const Table& table, Descriptor desc, Pfn pfn) {
  FakePage& page = ram_.at(pfn);
  if (page.decoy || arm64::s2::XN::of(desc) != 0) return;
  const bool same = page.executed_by == table.vmid || page.executed_by == FakePage::kNobody;
  if (!same && page.executed_until >= icache_syncs_) complain("page can be executed with its old instructions");
  page.executed_by = table.vmid;
  page.executed_until = icache_syncs_;
}

void BbmAutomaton::sync_icache() {
  if (!stale_.empty()) return complain("instruction caches invalidated before the TLBs");
  ++icache_syncs_;
}

void BbmAutomaton::cleaned(Pfn pfn) { ram_.at(pfn).executed_until = icache_syncs_; }

void BbmAutomaton::count_map(Vmid vmid, Pfn pfn, bool add) {
  if (!ram_.contains(pfn)) return;
  FakePage& page = ram_.at(pfn);
  std::uint32_t& maps = vmid == Vmid{0} ? page.host_maps : page.guest_maps;
  maps = add ? maps + 1 : maps - 1;
}

void BbmAutomaton::reused(Pfn first, std::uint64_t pages, bool shared, const char* what) {
  for (const Stale& stale : stale_) {
    if (overlap(stale.pfn.value(), stale.pages, first.value(), pages)) {
      complain(std::string{"page "} + what + " before its TLB invalidation completed");
    }
  }
  for (std::uint64_t i = 0; i < pages && !shared; ++i) {
    const FakePage& page = ram_.at(first + i);
    if (page.host_maps + page.guest_maps != 0) complain(std::string{"page "} + what + " while a stage 2 maps it");
    if (tables_.contains((first + i).value())) complain(std::string{"page "} + what + " while it is a live table");
  }
}

void BbmAutomaton::unmapped_from_hyp(Pfn pfn) {
  if (tables_.contains(pfn.value())) complain("EL2 gives up a live table");
  ram_.at(pfn).decoy = false;
}

auto BbmAutomaton::reachable(Vmid vmid, std::uint64_t frame) -> std::vector<Pfn> {
  std::vector<Pfn> found;
  for (const auto& [pfn, table] : tables_) {
    const std::uint64_t entry = (frame - table.frame) >> arm64::frame_shift(table.level);
    if (table.vmid != vmid || frame < table.frame || entry >= arm64::kTableEntries) continue;
    const Descriptor desc = ram_.word(pa_of(Pfn{pfn}) + entry * 8);
    if (!arm64::s2::is_leaf(desc, table.level)) continue;
    found.push_back(arm64::s2::frame_of(desc) + (frame & (arm64::entry_pages(table.level) - 1)));
  }
  for (const Stale& stale : stale_) {
    if (stale.vmid == vmid && !stale.table && frame - stale.frame < stale.pages) {
      found.push_back(stale.pfn + (frame - stale.frame));
    }
  }
  return found;
}

}  // namespace redoubt::host
