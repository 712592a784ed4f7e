// SPDX-License-Identifier: Apache-2.0
#include "hyp/cpu/cpu_boot.hpp"

#include "arch/arm64/common/barrier.hpp"
#include "arch/arm64/common/sysreg_access.hpp"
#include "arch/arm64/el2/tlb.hpp"
#include "hyp/cpu/machine_state.hpp"
#include "hyp/cpu/psci_relay.hpp"
#include "hyp/vcpu/host_monitors.hpp"
#include "hyp/vcpu/virtual_gic.hpp"

namespace redoubt::hyp {

using namespace arm64;

extern "C" constinit std::array<CpuBoot, EL2_MAX_CPUS> cpu_boot{};

constinit MachineState detail::machine_state{};

namespace {

constexpr MachineState& state = detail::machine_state;
constinit std::array<PerCpu*, EL2_MAX_CPUS> cpus{};
constinit unsigned nr_cpus = 0;

// SCTLR_EL1 for a host that enters with its MMU off: RES1 bits only (Arm ARM D19.2.131), as firmware would leave it.
constexpr std::uint64_t kHostSctlr = 0x30d0'0800;

void init_vector_features(const Features& features) noexcept {
  // The trap bits must be off before EL2 itself can touch the length registers.
  RD_WRITE_SYSREG(CPTR_EL2, state.host.cptr);
  isb();
  if (features.sve()) RD_WRITE_SYSREG(S3_4_C1_C2_0, 0x1ff);  // ZCR_EL2: all vector lengths
  if (features.sme()) {
    std::uint64_t smcr = 0xf;
    if (bits_of(features.smfr0, 63, 1) != 0) smcr |= bit(31);  // FA64
    if (bits_of(features.smfr0, 56, 4) != 0) smcr |= bit(30);  // EZT0
    RD_WRITE_SYSREG(S3_4_C1_C2_6, smcr);
  }
}

// Bits of an allow-list: all that is zero is trapped, what later architectures add among it. None of these registers has a
// defined value after reset.
void init_fine_grained(const Features& features) noexcept {
  if (features.hcx()) RD_WRITE_SYSREG(S3_4_C1_C2_2, state.host.hcrx);
  if (!features.fgt()) return;
  RD_WRITE_SYSREG(S3_4_C1_C1_4, state.host.hfgrtr);
  RD_WRITE_SYSREG(S3_4_C1_C1_5, state.host.hfgwtr);
  RD_WRITE_SYSREG(S3_4_C1_C1_6, state.host.hfgitr);      // HFGITR_EL2
  RD_WRITE_SYSREG(S3_4_C3_C1_4, 0);                      // HDFGRTR_EL2
  RD_WRITE_SYSREG(S3_4_C3_C1_5, 0);                      // HDFGWTR_EL2
  if (features.amu()) RD_WRITE_SYSREG(S3_4_C3_C1_6, 0);  // HAFGRTR_EL2
  if (!features.fgt2()) return;
  RD_WRITE_SYSREG(S3_4_C3_C1_2, 0);                   // HFGRTR2_EL2
  RD_WRITE_SYSREG(S3_4_C3_C1_3, 0);                   // HFGWTR2_EL2
  RD_WRITE_SYSREG(S3_4_C3_C1_0, state.host.hdfgtr2);  // HDFGRTR2_EL2
  RD_WRITE_SYSREG(S3_4_C3_C1_1, state.host.hdfgtr2);  // HDFGWTR2_EL2
  RD_WRITE_SYSREG(S3_4_C3_C1_7, 0);                   // HFGITR2_EL2
}

// A guest must not move itself, or the host after it, to another partition.
void init_partitions(const Features& features) noexcept {
  if (!features.mpam()) return;
  RD_WRITE_SYSREG(S3_4_C10_C5_0, state.host.mpam2);  // MPAM2_EL2
  const bool has_hcr = (RD_READ_SYSREG(S3_0_C10_C4_4) & bit(17)) != 0;
  if (has_hcr) RD_WRITE_SYSREG(S3_4_C10_C4_0, 0);  // MPAMHCR_EL2: no virtual partitions
}

// Whether software can switch the GIC's system registers off: then a guest's ICC_SRE_EL1 must be trapped.
auto sre_writable() noexcept -> bool {
  const auto before = RD_READ_SYSREG(S3_0_C12_C12_5);  // ICC_SRE_EL1
  RD_WRITE_SYSREG(S3_0_C12_C12_5, 0);
  isb();
  const bool writable = (RD_READ_SYSREG(S3_0_C12_C12_5) & 1) == 0;
  RD_WRITE_SYSREG(S3_0_C12_C12_5, before | 1);
  isb();
  return writable;
}

}  // namespace

auto machine_for_boot() noexcept -> MachineState& { return state; }

auto cpu_at(unsigned index) noexcept -> PerCpu& { return *cpus[index]; }
auto cpu_count() noexcept -> unsigned { return nr_cpus; }
void add_cpu(PerCpu& cpu) noexcept { cpus[nr_cpus++] = &cpu; }

void init_this_cpu(PerCpu& cpu) noexcept {
  const auto& features = state.features;
  init_vector_features(features);
  init_fine_grained(features);
  init_partitions(features);
  host_monitors_init();
  RD_WRITE_SYSREG(ACTLR_EL2, 0);  // no access to IMPLEMENTATION DEFINED controls from EL1
  RD_WRITE_SYSREG(MDCR_EL2, state.host.mdcr);
  RD_WRITE_SYSREG(CNTHCTL_EL2, state.host.cnthctl);
  RD_WRITE_SYSREG(CNTVOFF_EL2, 0);
  RD_WRITE_SYSREG(CNTV_CTL_EL0, 0);
  RD_WRITE_SYSREG(CNTHP_CTL_EL2, 0);
  RD_WRITE_SYSREG(S3_4_C12_C9_5, kHostIccSre);
  isb();
  cpu.sre_writable = sre_writable();
  RD_WRITE_SYSREG(ICH_HCR_EL2, 0);
  RD_WRITE_SYSREG(HSTR_EL2, 0);
  RD_WRITE_SYSREG(VPIDR_EL2, RD_READ_SYSREG(MIDR_EL1));
  RD_WRITE_SYSREG(VMPIDR_EL2, cpu.mpidr);
  RD_WRITE_SYSREG(VTCR_EL2, state.host_vtcr);
  RD_WRITE_SYSREG(VTTBR_EL2, state.host_vttbr);
  RD_WRITE_SYSREG(HCR_EL2, state.host.hcr);
  isb();
  // Nothing that an earlier owner of this CPU left in its TLBs or instruction cache survives.
  tlbi_alle1is();
  asm volatile("ic iallu" ::: "memory");
  dsb_ish();
  isb();
  gic_init_cpu(cpu);
  cpu.online.store(true, std::memory_order_release);
}

void set_host_entry(PerCpu& cpu, std::uint64_t pc, std::uint64_t x0) noexcept {
  cpu.host.x = {};
  cpu.host.x[0] = x0;
  cpu.context = &cpu.host;
  cpu.vcpu = nullptr;
  cpu.host_fp_live = true;
  RD_WRITE_SYSREG(SCTLR_EL1, kHostSctlr);
  RD_WRITE_SYSREG(ELR_EL2, pc);
  RD_WRITE_SYSREG(SPSR_EL2, pstate::kEl1h | pstate::kDaif);
  isb();
}

}  // namespace redoubt::hyp
