// SPDX-License-Identifier: Apache-2.0
#include "hyp/mm/el2_machine.hpp"

#include "arch/arm64/common/sysreg_access.hpp"
#include "arch/arm64/el2/cache.hpp"
#include "hyp/cpu/machine_state.hpp"
#include "hyp/mm/linear_map.hpp"
#include "hyp/mm/window.hpp"
#include "hyp/smmu/smmu.hpp"

namespace redoubt::hyp {

// While core runs a host call, VTTBR_EL2 holds the host's tables; in a call of a guest it holds the guest's. Both were
// saved nowhere, so the value to return to is kept per CPU in a register the guest cannot see: TPIDR_EL2's structure.
//
// The EL1&0 stage-1 registers stay those of the world that runs: their tables must not be walked under the other stage 2,
// not even speculatively (errata 1165522, 1319367, 1319537, 1530923), or entries the host chose would be in a guest's VMID.
void El2Machine::enter(Vmid vmid, Pa root) noexcept {
  auto& cpu = this_cpu();
  cpu.saved_vttbr = RD_READ_SYSREG(VTTBR_EL2);
  const auto wanted = (vmid.value() << 48) | root.value();
  if (wanted == cpu.saved_vttbr) return;
  cpu.saved_tcr = RD_READ_SYSREG(TCR_EL1);
  cpu.saved_sctlr = RD_READ_SYSREG(SCTLR_EL1);
  RD_WRITE_SYSREG(TCR_EL1, cpu.saved_tcr | bit(7) | bit(23));  // EPD0, EPD1
  arm64::isb();
  RD_WRITE_SYSREG(SCTLR_EL1, cpu.saved_sctlr | 1);  // EPDn act only with M = 1
  arm64::dsb_ish();
  arm64::isb();
  RD_WRITE_SYSREG(VTTBR_EL2, wanted);
  arm64::isb();
}

void El2Machine::leave() noexcept {
  const auto& cpu = this_cpu();
  if (RD_READ_SYSREG(VTTBR_EL2) == cpu.saved_vttbr) return;
  arm64::dsb_ish();
  RD_WRITE_SYSREG(VTTBR_EL2, cpu.saved_vttbr);
  arm64::isb();
  RD_WRITE_SYSREG(SCTLR_EL1, cpu.saved_sctlr);
  arm64::isb();
  RD_WRITE_SYSREG(TCR_EL1, cpu.saved_tcr);
}

void El2Machine::wipe(Pfn first, std::uint64_t pages) noexcept {
  const Window window{first, pages};
  // After: always. The host may map the page non-cacheable (its stage 2 leaves the memory type to it, with FWB too), and
  // a reset loses what is in the caches; both would show what memory held before. Before: docs/decisions/0020.
  arm64::zero_pages_to_poc(window.va(), pages, !machine().features.fwb());
}

void El2Machine::clean(Pfn first, std::uint64_t pages) noexcept {
  // What is measured must be what the guest reads: a line that differs from memory, which the host can arrange with two
  // memory types, may be dropped at any time.
  const Window window{first, pages};
  arm64::clean_pages_to_poc(window.va(), pages);
}

void El2Machine::sync_icache() noexcept {
  if (arm64::ctr::DIC::of(RD_READ_SYSREG(CTR_EL0)) == 0) arm64::icache_invalidate_all();
}

void El2Machine::sync_devices(Pfn first, std::uint64_t pages) noexcept {
  if (smmus.count != 0) smmu_forget(first, pages);
}

auto El2Machine::map_hyp(Pfn page) noexcept -> Result<> { return linear_map(page); }

void El2Machine::unmap_hyp(Pfn page) noexcept { linear_unmap(page); }

}  // namespace redoubt::hyp
