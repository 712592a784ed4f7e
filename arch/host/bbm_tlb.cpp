// SPDX-License-Identifier: Apache-2.0
// The part of the automaton that barriers and TLB invalidations drive.
#include <algorithm>

#include "arch/host/bbm_automaton.hpp"

namespace redoubt::host {

void BbmAutomaton::advance(Phase from, Phase to, bool only_loaded) {
  for (Stale& stale : stale_) {
    if (stale.phase == from && (!only_loaded || stale.vmid == loaded_)) stale.phase = to;
  }
}

void BbmAutomaton::dsb(bool completes_tlbi) {
  unordered_.clear();
  unpublished_ = false;
  advance(Phase::written, Phase::ordered, false);
  if (!completes_tlbi) return;
  for (Stale& stale : stale_) {
    if (stale.phase == Phase::s2_issued) stale.phase = Phase::s2_done;
    if (stale.phase == Phase::s1_issued) stale.phase = Phase::done;
  }
}

void BbmAutomaton::isb() {
  advance(Phase::repeated, Phase::cpus_done, false);
  std::erase_if(stale_, [](const Stale& stale) { return stale.phase == Phase::cpus_done && stale.vmid != Vmid{0}; });
}

void BbmAutomaton::sync_devices(Pfn first, std::uint64_t pages) {
  std::erase_if(stale_, [first, pages](const Stale& stale) {
    const bool covered = first.value() <= stale.frame && stale.frame + stale.pages <= first.value() + pages;
    return stale.phase == Phase::cpus_done && (pages == 0 || (covered && !stale.table));
  });
}

void BbmAutomaton::enter(Vmid vmid, Pa root) {
  if (entered_) complain("enter without leave");
  const auto found = roots_.find(vmid.value());
  if (found != roots_.end() && found->second.pa != root) complain("VMID entered with a foreign root");
  entered_ = true;
  loaded_ = vmid;
}

void BbmAutomaton::leave() {
  if (!entered_) complain("leave without enter");
  entered_ = false;
}

void BbmAutomaton::tlbi_ipa(Ipa ipa, arm64::Level level) {
  if (!entered_) complain("TLBI without a loaded VMID");
  const std::uint64_t frame = gfn_of(ipa).value();
  for (Stale& stale : stale_) {
    const bool hit = stale.vmid == loaded_ && !stale.table && stale.level == level && frame - stale.frame < stale.pages;
    if (hit && stale.phase == Phase::ordered) stale.phase = Phase::s2_issued;
  }
}

void BbmAutomaton::tlbi_stage1() {
  if (!entered_) complain("TLBI without a loaded VMID");
  advance(Phase::s2_done, Phase::s1_issued, true);
}

void BbmAutomaton::tlbi_all() {
  if (!entered_) complain("TLBI without a loaded VMID");
  advance(Phase::ordered, Phase::s1_issued, true);
  if (const auto root = roots_.find(loaded_.value()); root != roots_.end()) {
    root->second.flushed = true;
    root->second.icache_syncs = icache_syncs_;
  }
}

void BbmAutomaton::tlbi_repeat() { advance(Phase::done, Phase::repeated, false); }

}  // namespace redoubt::host
