// SPDX-License-Identifier: Apache-2.0
// The machine that core runs on at EL2: table memory through the linear map, TLB and cache maintenance, wiping.
#pragma once

#include <cstdint>

#include "arch/arm64/common/barrier.hpp"
#include "arch/arm64/el2/tlb.hpp"
#include "core/machine.hpp"
#include "hyp/mm/layout.h"

namespace redoubt::hyp {

// Stateless; what it needs to know is per CPU or in MachineState. The contract of each member is core::Machine's.
struct El2Machine {
  [[nodiscard]] auto load(Pa at) const noexcept -> arm64::Descriptor {
    return *reinterpret_cast<volatile const std::uint64_t*>(EL2_LINEAR_VA + at.value());
  }
  void store(Pa at, arm64::Descriptor word) noexcept {
    *reinterpret_cast<volatile std::uint64_t*>(EL2_LINEAR_VA + at.value()) = word;
  }
  void dsb_ishst() noexcept { arm64::dsb_ishst(); }
  void dsb_ish() noexcept { arm64::dsb_ish(); }
  void isb() noexcept { arm64::isb(); }
  void enter(Vmid vmid, Pa root) noexcept;
  void leave() noexcept;
  void tlbi_ipas2e1is(Ipa ipa, arm64::Level) noexcept { arm64::tlbi_ipas2e1is(ipa); }
  void tlbi_vmalle1is() noexcept { arm64::tlbi_vmalle1is(); }
  void tlbi_vmalls12e1is() noexcept { arm64::tlbi_vmalls12e1is(); }
  void tlbi_repeat() noexcept {
    arm64::tlbi_repeat();
    arm64::dsb_ish();
  }
  void wipe(Pfn first, std::uint64_t pages) noexcept;
  void clean(Pfn first, std::uint64_t pages) noexcept;
  void sync_icache() noexcept;
  void sync_devices(Pfn first, std::uint64_t pages) noexcept;
  [[nodiscard]] auto map_hyp(Pfn page) noexcept -> Result<>;
  void unmap_hyp(Pfn page) noexcept;
};

static_assert(core::Machine<El2Machine>);

}  // namespace redoubt::hyp
