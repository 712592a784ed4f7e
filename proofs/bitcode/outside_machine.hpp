// SPDX-License-Identifier: Apache-2.0
// A machine of which core sees nothing but the declarations: what is left in the bitcode is core's own.
#pragma once

#include <cstdint>

#include "core/machine.hpp"

namespace redoubt::proofs {

struct OutsideMachine {
  [[nodiscard]] auto load(Pa at) const noexcept -> arm64::Descriptor;
  void store(Pa at, arm64::Descriptor word) noexcept;
  void dsb_ishst() noexcept;
  void dsb_ish() noexcept;
  void isb() noexcept;
  void enter(Vmid vmid, Pa root) noexcept;
  void leave() noexcept;
  void tlbi_ipas2e1is(Ipa ipa, arm64::Level level) noexcept;
  void tlbi_vmalle1is() noexcept;
  void tlbi_vmalls12e1is() noexcept;
  void tlbi_repeat() noexcept;
  void wipe(Pfn first, std::uint64_t pages) noexcept;
  void clean(Pfn first, std::uint64_t pages) noexcept;
  void sync_icache() noexcept;
  void sync_devices(Pfn first, std::uint64_t pages) noexcept;
  [[nodiscard]] auto map_hyp(Pfn page) noexcept -> Result<>;
  void unmap_hyp(Pfn page) noexcept;
};

static_assert(core::Machine<OutsideMachine>);

// MEM_DONATE_IMAGE's callback.
struct OutsideMeasure {
  void operator()(Pfn page) const noexcept;
};

// build_host_tables' source of table pages.
struct OutsideAllocator {
  [[nodiscard]] auto operator()(std::uint64_t pages) const noexcept -> Result<Pa>;
};

}  // namespace redoubt::proofs
