// SPDX-License-Identifier: Apache-2.0
// What this machine's CPUs have, and the trap configuration of each world that follows from it. Read once from the ID
// registers of the boot CPU; a secondary that differs in what the traps depend on is refused.
#pragma once

#include <cstdint>

#include "arch/arm64_defs/el2_regs.hpp"

namespace redoubt::hyp {

struct Features {
  std::uint64_t pfr0, pfr1, pfr2, dfr0, isar1, isar2, mmfr0, mmfr1, mmfr2, mmfr3, smfr0;
  bool spe_usable, trbe_usable;  // implemented, and no higher exception level owns the buffer (PMBIDR.P, TRBIDR.P)

  auto operator==(const Features&) const noexcept -> bool = default;

  [[nodiscard]] auto fwb() const noexcept -> bool { return bits_of(mmfr2, 40, 4) != 0; }
  [[nodiscard]] auto pauth() const noexcept -> bool {
    return bits_of(isar1, 4, 8) != 0 || bits_of(isar1, 24, 8) != 0 || bits_of(isar2, 12, 4) != 0;
  }
  [[nodiscard]] auto sve() const noexcept -> bool { return bits_of(pfr0, 32, 4) != 0; }
  [[nodiscard]] auto sme() const noexcept -> bool { return bits_of(pfr1, 24, 4) != 0; }
  [[nodiscard]] auto mte() const noexcept -> bool { return bits_of(pfr1, 8, 4) >= 2; }
  [[nodiscard]] auto ras() const noexcept -> bool { return bits_of(pfr0, 28, 4) != 0; }
  [[nodiscard]] auto amu() const noexcept -> bool { return bits_of(pfr0, 44, 4) != 0; }
  [[nodiscard]] auto csv2_2() const noexcept -> bool { return bits_of(pfr0, 56, 4) >= 2; }
  [[nodiscard]] auto dit() const noexcept -> bool { return bits_of(pfr0, 48, 4) != 0; }
  [[nodiscard]] auto ssbs() const noexcept -> bool { return bits_of(pfr1, 4, 4) != 0; }
  [[nodiscard]] auto pmu() const noexcept -> bool {
    const auto version = bits_of(dfr0, 8, 4);
    return version != 0 && version != 15;
  }
  [[nodiscard]] auto spe() const noexcept -> bool { return bits_of(dfr0, 32, 4) != 0; }
  [[nodiscard]] auto trbe() const noexcept -> bool { return bits_of(dfr0, 44, 4) != 0; }
  // Branch records; without the fine-grained traps they could not be kept from guests.
  [[nodiscard]] auto brbe() const noexcept -> bool { return bits_of(dfr0, 52, 4) != 0 && fgt(); }
  [[nodiscard]] auto pmu_v3p9() const noexcept -> bool { return pmu() && bits_of(dfr0, 8, 4) >= 9; }
  [[nodiscard]] auto mpam() const noexcept -> bool { return bits_of(pfr0, 40, 4) != 0; }
  [[nodiscard]] auto fpmr() const noexcept -> bool { return bits_of(pfr2, 32, 4) != 0; }
  [[nodiscard]] auto ls64() const noexcept -> unsigned { return static_cast<unsigned>(bits_of(isar1, 60, 4)); }
  [[nodiscard]] auto trf() const noexcept -> bool { return bits_of(dfr0, 40, 4) != 0; }
  [[nodiscard]] auto fgt() const noexcept -> bool { return bits_of(mmfr0, 56, 4) != 0; }
  [[nodiscard]] auto fgt2() const noexcept -> bool { return bits_of(mmfr0, 56, 4) >= 2; }
  [[nodiscard]] auto hcx() const noexcept -> bool { return bits_of(mmfr1, 40, 4) != 0; }
  [[nodiscard]] auto lor() const noexcept -> bool { return bits_of(mmfr1, 16, 4) != 0; }
  [[nodiscard]] auto pan() const noexcept -> bool { return bits_of(mmfr1, 20, 4) != 0; }
  [[nodiscard]] auto vmid16() const noexcept -> bool { return bits_of(mmfr1, 4, 4) == 2; }
  [[nodiscard]] auto mops() const noexcept -> bool { return bits_of(isar2, 16, 4) != 0; }
  [[nodiscard]] auto tcr2() const noexcept -> bool { return bits_of(mmfr3, 0, 4) != 0; }
  [[nodiscard]] auto sctlr2() const noexcept -> bool { return bits_of(mmfr3, 4, 4) != 0; }
  [[nodiscard]] auto s1pie() const noexcept -> bool { return bits_of(mmfr3, 8, 4) != 0; }
  [[nodiscard]] auto s1poe() const noexcept -> bool { return bits_of(mmfr3, 16, 4) != 0; }
  [[nodiscard]] auto gcs() const noexcept -> bool { return bits_of(pfr1, 44, 4) != 0; }
  [[nodiscard]] auto pa_bits() const noexcept -> unsigned;  // 32..48
};

// EL2 control registers of one world.
struct TrapConfig {
  std::uint64_t hcr, cptr, mdcr, cnthctl, hcrx, hfgrtr, hfgwtr, mpam2;
  // The same in both worlds but for branch records (hyp/vcpu/host_monitors.cpp): what a guest must not reach here is trapped
  // by MDCR_EL2 and HCRX_EL2 as well. The second is HDFGRTR2_EL2 and HDFGWTR2_EL2.
  std::uint64_t hfgitr, hdfgtr2;
};

[[nodiscard]] auto read_features() noexcept -> Features;
// Boot. counters: how many event counters there are (PMCR_EL0.N; 0 without a PMU).
[[nodiscard]] auto host_traps(const Features& features, std::uint64_t counters) noexcept -> TrapConfig;
[[nodiscard]] auto guest_traps(const Features& features, std::uint64_t counters) noexcept -> TrapConfig;

// VTCR_EL2 for an input address size; concatenated start tables as core/stage2 builds them.
[[nodiscard]] auto vtcr_for(const Features& features, unsigned ipa_bits, unsigned start_level) noexcept
    -> std::uint64_t;

}  // namespace redoubt::hyp
