// SPDX-License-Identifier: Apache-2.0
// Watches every table write, barrier and TLBI and says where a CPU could still use what software thinks is gone.
//
// Hostile TLB: a valid leaf that a live root reaches is cached by some CPU from the moment it is written. After it is
// made invalid it is `stale` until exactly this has happened, in this order, with its VMID loaded (Arm ARM D8.17):
//   DSB -> TLBI IPAS2E1IS (its IPA, its level) -> DSB ISH -> TLBI VMALLE1IS -> DSB ISH -> repeat step -> ISB
//   or DSB -> TLBI VMALLS12E1IS -> DSB ISH -> repeat step -> ISB
//
// Hostile instruction cache: it holds what was ever in a page that a leaf without XN maps, tagged by physical address.
// Before another VMID may execute from the page all of it must have been invalidated, after the last leaf of the earlier
// one was stale no more.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "arch/arm64_defs/stage2_desc.hpp"
#include "arch/host/fake_ram.hpp"
#include "base/addr.hpp"

namespace redoubt::host {

class BbmAutomaton final {
 public:
  explicit BbmAutomaton(FakeRam& ram) : ram_(ram) {}

  // From now on CPUs walk from `root` under `vmid`. Its tables may hold entries already.
  void add_root(Vmid vmid, Pa root, arm64::Level start, std::uint64_t tables);
  // No CPU walks it any more; all its entries must have been flushed since the last begin_call().
  void retire_root(Vmid vmid);
  [[nodiscard]] auto has_root(Vmid vmid) const -> bool { return roots_.contains(vmid.value()); }

  // Devices use the host's pages at any moment: none may be absent even for an instant and then be back.
  void expect_devices(bool expected) { devices_ = expected; }

  // A hypervisor call begins: guests may have run, so caches are full again. / It ends: nothing may be owed.
  void begin_call();
  void end_call();

  // `old` was in memory, `desc` is now.
  void stored(Pa pa, arm64::Descriptor old, arm64::Descriptor desc);
  void dsb(bool completes_tlbi);
  void isb();
  void enter(Vmid vmid, Pa root);
  void leave();
  void tlbi_ipa(Ipa ipa, arm64::Level level);
  void tlbi_stage1();
  void tlbi_all();
  void tlbi_repeat();
  // Devices walk the host's stage 2: after the CPUs' maintenance theirs. pages = 0: all.
  void sync_devices(Pfn first, std::uint64_t pages);

  // Every instruction cache is empty now. / The page was cleaned; whoever maps it may have written instructions before.
  void sync_icache();
  void cleaned(Pfn pfn);

  // The pages get a new use: nobody may reach them through a stale entry, nor (unless `shared`) through a live one.
  void reused(Pfn first, std::uint64_t pages, bool shared, const char* what);
  // EL2 stops mapping the page: it must not be a table any more.
  void unmapped_from_hyp(Pfn pfn);

  // All frames that some CPU could reach at `frame` under `vmid`: the live translation and the stale ones.
  [[nodiscard]] auto reachable(Vmid vmid, std::uint64_t frame) -> std::vector<Pfn>;

  [[nodiscard]] auto violations() const -> const std::vector<std::string>& { return violations_; }
  void complain(const std::string& what) { violations_.push_back(what); }
  void clear_violations() { violations_.clear(); }

 private:
  enum class Phase : std::uint8_t { written, ordered, s2_issued, s2_done, s1_issued, done, repeated, cpus_done };
  struct Stale {
    Vmid vmid;
    std::uint64_t frame = 0;  // first guest frame
    arm64::Level level = arm64::Level::L3;
    Pfn pfn;  // first page it translated to; for a table: the table page
    std::uint64_t pages = 1;
    bool table = false;
    Phase phase = Phase::written;
  };
  struct Table {
    Vmid vmid;
    arm64::Level level = arm64::Level::L3;
    std::uint64_t frame = 0;  // guest frame of its first entry
  };
  struct Root {
    Pa pa;
    bool flushed = false;
    std::uint64_t icache_syncs = 0;  // before the flush
  };

  void advance(Phase from, Phase to, bool only_loaded);
  void link(Pa table_pa, const Table& table);
  void unlink(Pa table_pa);
  void leaf_added(const Table& table, std::uint64_t frame, arm64::Descriptor desc);
  void leaf_removed(const Table& table, std::uint64_t frame, arm64::Descriptor desc);
  void entry_added(const Table& table, std::uint64_t frame, arm64::Descriptor desc);
  void entry_removed(const Table& table, std::uint64_t frame, arm64::Descriptor desc);
  void check_fetches(const Table& table, arm64::Descriptor desc, Pfn pfn);
  void check_content(const Table& table, std::uint64_t frame, Pfn pfn);
  void count_map(Vmid vmid, Pfn pfn, bool add);

  FakeRam& ram_;
  std::map<std::uint64_t, Root> roots_;    // by VMID
  std::map<std::uint64_t, Table> tables_;  // linked table pages, by PFN
  std::vector<Stale> stale_;
  std::set<std::uint64_t> unordered_;  // pages stored to since the last DSB, by PFN
  bool devices_ = false;
  std::set<std::uint64_t> host_lost_;  // identity-mapped frames that the host lost in this call
  bool unpublished_ = false;           // a valid entry was stored since the last DSB
  std::uint64_t icache_syncs_ = 0;
  bool entered_ = false;
  Vmid loaded_;
  std::vector<std::string> violations_;
};

}  // namespace redoubt::host
