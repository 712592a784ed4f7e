// SPDX-License-Identifier: Apache-2.0
// What is still owed to the TLBs after leaves were invalidated. A page that lost a mapping must not be used again before
// the debt is settled. It is a linear type: leaving a scope with an unsettled debt does not compile (-Wconsumed).
#pragma once

#include <cstdint>

#include "core/machine.hpp"

#if defined(__clang__)
#define RD_DEBT_CONSUMABLE [[clang::consumable(unconsumed)]]
#define RD_DEBT_NEW [[clang::return_typestate(unconsumed)]]
#define RD_DEBT_NEEDS(state) [[clang::callable_when(state)]]
#define RD_DEBT_SETTLES [[clang::callable_when("unconsumed")]] [[clang::set_typestate(consumed)]]
// A parameter of type TlbDebt& that stays owed: `void unmap(..., RD_DEBT_OWED TlbDebt& debt)`.
#define RD_DEBT_OWED [[clang::param_typestate(unconsumed)]] [[clang::return_typestate(unconsumed)]]
#else
#define RD_DEBT_CONSUMABLE
#define RD_DEBT_NEW
#define RD_DEBT_NEEDS(state)
#define RD_DEBT_SETTLES
#define RD_DEBT_OWED
#endif

namespace redoubt::core {

class [[nodiscard]] RD_DEBT_CONSUMABLE TlbDebt final {
 public:
  // Above this many leaves one invalidation of the whole VMID is cheaper than one per leaf.
  static constexpr std::uint64_t kMaxByIpa = 16;

  // Owed under the stage 2 `root` with `vmid`.
  RD_DEBT_NEW TlbDebt(Vmid vmid, Pa root) noexcept : vmid_(vmid), root_(root) {}
  TlbDebt(const TlbDebt&) = delete;
  auto operator=(const TlbDebt&) -> TlbDebt& = delete;
  RD_DEBT_NEEDS("consumed") ~TlbDebt() noexcept {}

  // The leaf at `level` that translated the page `frame` was made invalid.
  RD_DEBT_NEEDS("unconsumed") void add(std::uint64_t frame, Level level) noexcept {
    if (!owed_) {
      first_ = last_ = frame;
      level_ = level;
    }
    if (level != level_) all_ = true;
    if (frame < first_) first_ = frame;
    if (frame > last_) last_ = frame;
    owed_ = true;
  }
  // A table was unlinked: walk caches and all that it mapped.
  RD_DEBT_NEEDS("unconsumed") void add_table() noexcept {
    all_ = true;
    owed_ = true;
  }

  // Arm ARM D8.17 and D7.5.9: DSB between the table write and TLBI; the stage-1 TLBI because entries that combine both
  // stages are tagged by VA only; DSB to complete; once more for CPUs with the repeat-TLBI errata; ISB. Devices go through the host's stage 2 only (VMID 0).
  template <Machine M>
  RD_DEBT_SETTLES void settle(M& machine) noexcept {
    if (!owed_) return;
    machine.enter(vmid_, root_);
    machine.dsb_ishst();
    if (all_ || (last_ - first_) >> arm64::frame_shift(level_) >= kMaxByIpa) {
      machine.tlbi_vmalls12e1is();
    } else {
      invalidate_leaves(machine);
    }
    machine.dsb_ish();
    machine.tlbi_repeat();
    machine.isb();
    machine.leave();
    if (vmid_.value() == 0) machine.sync_devices(Pfn{all_ ? 0 : first_}, all_ ? 0 : frames());
  }

 private:
  template <Machine M>
  void invalidate_leaves(M& machine) noexcept {
    for (std::uint64_t i = 0; i < kMaxByIpa; ++i) {
      const std::uint64_t frame = first_ + (i << arm64::frame_shift(level_));
      if (frame > last_) break;
      machine.tlbi_ipas2e1is(ipa_of(Gfn{frame}), level_);
    }
    machine.dsb_ish();
    machine.tlbi_vmalle1is();
  }

  [[nodiscard]] auto frames() const noexcept -> std::uint64_t { return last_ - first_ + arm64::entry_pages(level_); }

  Vmid vmid_;
  Pa root_;
  std::uint64_t first_ = 0;
  std::uint64_t last_ = 0;
  Level level_ = Level::L3;
  bool owed_ = false;
  bool all_ = false;
};

}  // namespace redoubt::core
