// SPDX-License-Identifier: Apache-2.0
#include "hyp/vcpu/host_monitors.hpp"

#include "arch/arm64/common/barrier.hpp"
#include "arch/arm64/common/sysreg_access.hpp"
#include "hyp/cpu/machine_state.hpp"

namespace redoubt::hyp {
namespace {

// Buffers must be drained before they are disabled, while their owner's translation is still in place (Arm ARM D17.10,
// D6.3): the order is fixed by the architecture. Registers by number: assemblers of the base architecture do not know them.
void stop_profiling(HostMonitors& saved) noexcept {
  saved.pmscr = RD_READ_SYSREG(S3_0_C9_C9_0);
  saved.pmblimitr = RD_READ_SYSREG(S3_0_C9_C10_0);
  if ((saved.pmblimitr & 1) == 0) return;
  RD_WRITE_SYSREG(S3_0_C9_C9_0, 0);
  arm64::isb();
  asm volatile("hint #17" ::: "memory");  // PSB CSYNC
  arm64::dsb_nsh();
  RD_WRITE_SYSREG(S3_0_C9_C10_0, saved.pmblimitr & ~std::uint64_t{1});
  arm64::isb();
}

// Without a trace buffer the trace unit may have another sink: the filter stops it in any case.
void stop_trace(HostMonitors& saved, bool buffer) noexcept {
  saved.trfcr = RD_READ_SYSREG(S3_0_C1_C2_1);
  saved.trblimitr = buffer ? RD_READ_SYSREG(S3_0_C9_C11_0) : 0;
  if (saved.trfcr != 0) {
    RD_WRITE_SYSREG(S3_0_C1_C2_1, 0);
    arm64::isb();
  }
  if ((saved.trblimitr & 1) == 0) return;
  asm volatile("hint #18" ::: "memory");  // TSB CSYNC
  arm64::dsb_nsh();
  RD_WRITE_SYSREG(S3_0_C9_C11_0, saved.trblimitr & ~std::uint64_t{1});
  arm64::isb();
}

// HDFGRTR_EL2, HDFGWTR_EL2 and HFGITR_EL2: branch records are the host's, a guest gets neither registers nor instructions.
constexpr std::uint64_t kBrbeRead = bit(59) | bit(60) | bit(61);  // nBRBIDR, nBRBCTL, nBRBDATA
constexpr std::uint64_t kBrbeWrite = bit(60) | bit(61);
constexpr std::uint64_t kBrbeInstructions = bit(55) | bit(56);  // nBRBINJ, nBRBIALL

void trap_branch_records(bool trap) noexcept {
  RD_WRITE_SYSREG(S3_4_C3_C1_4, trap ? 0 : kBrbeRead);
  RD_WRITE_SYSREG(S3_4_C3_C1_5, trap ? 0 : kBrbeWrite);
  RD_WRITE_SYSREG(S3_4_C1_C1_6, machine().host.hfgitr | (trap ? 0 : kBrbeInstructions));
}

void stop_branch_records(HostMonitors& saved) noexcept {
  saved.brbcr = RD_READ_SYSREG(S2_1_C9_C0_0);  // BRBCR_EL1
  if (saved.brbcr != 0) RD_WRITE_SYSREG(S2_1_C9_C0_0, 0);
  trap_branch_records(true);
}

void resume_branch_records(const HostMonitors& saved) noexcept {
  trap_branch_records(false);
  if (saved.brbcr != 0) RD_WRITE_SYSREG(S2_1_C9_C0_0, saved.brbcr);
}

}  // namespace

void host_monitors_init() noexcept {
  if (!machine().features.brbe()) return;
  trap_branch_records(false);
  // BRBCR_EL2: EL2's own branches are never recorded; CC and MPRED let EL1 have cycle counts and mispredictions.
  RD_WRITE_SYSREG(S2_4_C9_C0_0, bit(3) | bit(4));
}

void stop_host_monitors(PerCpu& cpu) noexcept {
  const auto& features = machine().features;
  auto& saved = cpu.monitors;
  if (features.pmu()) {
    saved.counters = RD_READ_SYSREG(PMCNTENSET_EL0);
    if (saved.counters != 0) RD_WRITE_SYSREG(PMCNTENCLR_EL0, saved.counters);
  }
  if (features.spe_usable) stop_profiling(saved);
  if (features.trf()) stop_trace(saved, features.trbe_usable);
  if (features.brbe()) stop_branch_records(saved);
}

void resume_host_monitors(const PerCpu& cpu) noexcept {
  const auto& features = machine().features;
  const auto& saved = cpu.monitors;
  if (features.brbe()) resume_branch_records(saved);
  if (features.spe_usable && (saved.pmblimitr & 1) != 0) {
    RD_WRITE_SYSREG(S3_0_C9_C10_0, saved.pmblimitr);
    RD_WRITE_SYSREG(S3_0_C9_C9_0, saved.pmscr);
  }
  if (features.trbe_usable && (saved.trblimitr & 1) != 0) RD_WRITE_SYSREG(S3_0_C9_C11_0, saved.trblimitr);
  if (features.trf() && saved.trfcr != 0) RD_WRITE_SYSREG(S3_0_C1_C2_1, saved.trfcr);
  if (features.pmu() && saved.counters != 0) RD_WRITE_SYSREG(PMCNTENSET_EL0, saved.counters);
}

}  // namespace redoubt::hyp
