// SPDX-License-Identifier: Apache-2.0
// A booted core on the hostile fake machine. Every call made through call() is judged: an error leaves no trace, the
// invariants hold, the break-before-make automaton has nothing to say.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "arch/host/fake_machine.hpp"
#include "core/core.hpp"
#include "core/ownership/claim.hpp"
#include "core/ownership/donate.hpp"
#include "core/ownership/host_fault.hpp"
#include "core/ownership/invariants.hpp"
#include "core/ownership/query.hpp"
#include "core/ownership/reclaim.hpp"
#include "core/ownership/release.hpp"
#include "core/ownership/share.hpp"
#include "core/stage2/host_builder.hpp"
#include "core/vm/lifecycle.hpp"
#include "core/vm/vcpu.hpp"

namespace redoubt::core {

static_assert(Machine<host::FakeMachine>);

// RAM: [0x40000, +2048) and, after a hole, [0x40900, +700) with ragged edges. EL2's own pages are the last 64 of the first.
class CoreWorld {
 public:
  using TestCore = Core<host::FakeMachine>;

  static constexpr Pfn kRam{0x40000};
  static constexpr std::uint64_t kRamPages = 2048;
  static constexpr Pfn kHypPages{0x40000 + 2048 - 64};
  static constexpr Pfn kRagged{0x40900};
  static constexpr std::uint64_t kRaggedPages = 700;
  static constexpr Pfn kUart{0x9000};

  // devices: an SMMU walks the host's stage 2.
  explicit CoreWorld(unsigned host_ipa_bits = 40, bool devices = false);

  // Runs f(core), judges it, and gives its result back.
  template <class F>
  auto call(F&& f) {
    before();
    auto result = f(core);
    after(failed(result));
    return result;
  }

  // Exclusively host-owned pages that nobody else in the test uses, ascending; a block is aligned.
  [[nodiscard]] auto fresh_page() -> Pfn { return next_page_ = next_page_ + 1; }
  [[nodiscard]] auto fresh_block() -> Pfn;

  // flags RD_VM_*, with `tables` pages in its pool. The VM has one vCPU slot.
  auto make_vm(std::uint64_t flags, unsigned tables = 8, unsigned ipa_bits = 33) -> VmHandle;
  // A protected VM with RIPAS = RAM in its first `ram` frames.
  auto make_protected(std::uint64_t ram = 4096) -> VmHandle;
  void topup(VmHandle vm, unsigned pages);
  auto add_vcpu(VmHandle vm, std::uint64_t index = 0) -> Pfn;  // answers its run page

  [[nodiscard]] auto entry(Pfn pfn) -> PageEntry { return core.pages.at(core.pages.find(pfn)->page); }
  [[nodiscard]] auto host_sees(Pfn pfn) -> std::vector<Pfn> { return world.bbm.reachable(kHostVmid, pfn.value()); }
  [[nodiscard]] auto guest_sees(VmHandle vm, Gfn gfn) -> std::vector<Pfn>;
  void fill(Pfn pfn, std::uint64_t value) { world.ram.at(pfn).words.fill(value); }
  [[nodiscard]] auto zero(Pfn pfn) -> bool;
  [[nodiscard]] auto check() -> Broken { return audit(core, std::span{tally_}); }

  host::FakeWorld world{kRam, 4096};
  TestCore core{};

 private:
  template <class T>
  static auto failed(const Result<T>& result) -> bool {
    return !result.has_value();
  }
  template <class T>
  static auto failed(const T&) -> bool {
    return false;
  }
  void before();
  void after(bool failed);
  void sync_roots();
  void check_hyp_map();
  void boot(unsigned host_ipa_bits, bool devices);
  [[nodiscard]] auto boot_alloc(std::uint64_t pages) -> Pfn;

  std::vector<PageEntry> entries_;
  std::vector<std::uint16_t> mapped_;
  std::vector<PageTally> tally_;
  std::vector<PageEntry> entries_before_;
  std::vector<std::uint16_t> mapped_before_;
  std::vector<Vm> vms_before_;
  Counters counters_before_{};
  std::size_t history_before_ = 0;
  Pfn next_page_ = kRam + 1;  // odd users stay clear of page 0
  Pfn next_block_ = kRam + kBlockPages;
  Pfn next_boot_ = kHypPages;
};

// The error of a Result, or nullopt-like success as 0, for EXPECT_EQ.
template <class T>
[[nodiscard]] auto status(const Result<T>& result) -> long {
  return result ? 0 : status_of(result.error());
}

}  // namespace redoubt::core
