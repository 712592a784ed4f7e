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

}  // namespace

void stop_host_monitors(PerCpu& cpu) noexcept {
  const auto& features = machine().features;
  auto& saved = cpu.monitors;
  if (features.pmu()) {
    saved.counters = RD_READ_SYSREG(PMCNTENSET_EL0);
    if (saved.counters != 0) RD_WRITE_SYSREG(PMCNTENCLR_EL0, saved.counters);
  }
  if (features.spe()) stop_profiling(saved);
  if (features.trf()) stop_trace(saved, features.trbe());
}

void resume_host_monitors(const PerCpu& cpu) noexcept {
  const auto& features = machine().features;
  const auto& saved = cpu.monitors;
  if (features.spe() && (saved.pmblimitr & 1) != 0) {
    RD_WRITE_SYSREG(S3_0_C9_C10_0, saved.pmblimitr);
    RD_WRITE_SYSREG(S3_0_C9_C9_0, saved.pmscr);
  }
  if (features.trbe() && (saved.trblimitr & 1) != 0) RD_WRITE_SYSREG(S3_0_C9_C11_0, saved.trblimitr);
  if (features.trf() && saved.trfcr != 0) RD_WRITE_SYSREG(S3_0_C1_C2_1, saved.trfcr);
  if (features.pmu() && saved.counters != 0) RD_WRITE_SYSREG(PMCNTENSET_EL0, saved.counters);
}

}  // namespace redoubt::hyp
