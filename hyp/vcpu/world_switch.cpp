// SPDX-License-Identifier: Apache-2.0
#include "hyp/vcpu/world_switch.hpp"

#include "arch/arm64/common/barrier.hpp"
#include "arch/arm64/common/sysreg_access.hpp"
#include "arch/arm64/el2/tlb.hpp"
#include "hyp/cpu/machine_state.hpp"
#include "hyp/vcpu/guest_vm.hpp"
#include "hyp/vcpu/host_monitors.hpp"
#include "hyp/vcpu/virtual_gic.hpp"
#include "hyp/vcpu/virtual_timer.hpp"

extern "C" {
void fp_save(redoubt::hyp::FpState*) noexcept;
void fp_load(const redoubt::hyp::FpState*) noexcept;
void sve_save(void*) noexcept;
void sve_load(const void*) noexcept;
}

namespace redoubt::hyp {
namespace {

void save_el1(El1State& state) noexcept {
  state.sctlr = RD_READ_SYSREG(SCTLR_EL1);
  state.tcr = RD_READ_SYSREG(TCR_EL1);
#define RD_EL1_REGISTER(member, register, number) state.member = RD_READ_SYSREG(register);
#include "hyp/vcpu/el1_state.def"
}

// TTBRs of one world with the stage 2 of the other must never be walked, not even speculatively (errata 1165522 and
// relatives): walks are off (EPD0, EPD1) until all of it belongs to one world; TCR_EL1 is written last, by the caller.
void block_el1_walks() noexcept {
  if (const auto sctlr = RD_READ_SYSREG(SCTLR_EL1); (sctlr & 1) == 0)
    RD_WRITE_SYSREG(SCTLR_EL1, sctlr | 1);  // EPDn act only with M = 1
  RD_WRITE_SYSREG(TCR_EL1, RD_READ_SYSREG(TCR_EL1) | bit(7) | bit(23));
  arm64::isb();
}

// All but SCTLR and TCR.
void load_el1(const El1State& state) noexcept {
#define RD_EL1_REGISTER(member, register, number) RD_WRITE_SYSREG(register, state.member);
#include "hyp/vcpu/el1_state.def"
}

void write_traps(const TrapConfig& traps) noexcept {
  RD_WRITE_SYSREG(HCR_EL2, traps.hcr);
  RD_WRITE_SYSREG(CPTR_EL2, traps.cptr);
  RD_WRITE_SYSREG(MDCR_EL2, traps.mdcr);
  RD_WRITE_SYSREG(CNTHCTL_EL2, traps.cnthctl);
  const auto& features = machine().features;
  if (features.hcx()) RD_WRITE_SYSREG(S3_4_C1_C2_2, traps.hcrx);
  if (features.mpam()) RD_WRITE_SYSREG(S3_4_C10_C5_0, traps.mpam2);
  if (features.fgt()) {
    RD_WRITE_SYSREG(S3_4_C1_C1_4, traps.hfgrtr);
    RD_WRITE_SYSREG(S3_4_C1_C1_5, traps.hfgwtr);
  }
}

// The vCPUs of a VM share its VMID, but each may use an ASID in its own way: what another one left in this CPU's TLB and
// instruction cache is not for this one. A VM that takes over the slot of an earlier one finds them clean (VM_TEARDOWN).
void flush_after_sibling(PerCpu& cpu, const Vcpu& vcpu) noexcept {
  auto& last = cpu.last_vcpu[vcpu.vm->handle % RD_MAX_VMS];
  const auto self = static_cast<std::uint8_t>(vcpu.index + 1);
  if (last == self) return;
  last = self;
  arm64::tlbi_vmalle1();
  asm volatile("ic iallu" ::: "memory");
  arm64::dsb_nsh();
  arm64::isb();
}

}  // namespace

void switch_to_guest(PerCpu& cpu, Vcpu& vcpu) noexcept {
  const auto& state = machine();
  save_el1(cpu.host.el1);
  cpu.host.pc = RD_READ_SYSREG(ELR_EL2);
  cpu.host.pstate = RD_READ_SYSREG(SPSR_EL2);
  stop_host_monitors(cpu);
  arm64::dsb_nsh();  // the host's own speculative walks are over
  block_el1_walks();
  load_el1(vcpu.context.el1);
  RD_WRITE_SYSREG(VTCR_EL2, vcpu.vm->vtcr);
  RD_WRITE_SYSREG(VTTBR_EL2, vcpu.vm->vttbr);
  RD_WRITE_SYSREG(VMPIDR_EL2, vcpu.mpidr);
  if (state.features.ras()) RD_WRITE_SYSREG(S3_4_C12_C1_1, 0);  // VDISR_EL2: DISR_EL1 of any guest, hidden from all
  write_traps(state.guest);
  arm64::isb();
  RD_WRITE_SYSREG(SCTLR_EL1, vcpu.context.el1.sctlr);
  arm64::isb();
  RD_WRITE_SYSREG(TCR_EL1, vcpu.context.el1.tcr);
  flush_after_sibling(cpu, vcpu);
  RD_WRITE_SYSREG(ELR_EL2, vcpu.context.pc);
  RD_WRITE_SYSREG(SPSR_EL2, vcpu.context.pstate);
  cpu.vcpu = &vcpu;
  cpu.context = &vcpu.context;
  timer_enter(vcpu);
  gic_enter(cpu, vcpu);
}

void switch_to_host(PerCpu& cpu, Vcpu& vcpu) noexcept {
  const auto& state = machine();
  gic_leave(cpu, vcpu);
  timer_leave(vcpu);
  save_el1(vcpu.context.el1);
  vcpu.context.pc = RD_READ_SYSREG(ELR_EL2);
  vcpu.context.pstate = RD_READ_SYSREG(SPSR_EL2);
  if (vcpu.fp_live) {
    fp_save(&vcpu.fp);
    vcpu.fp_live = false;
  }
  arm64::dsb_nsh();
  block_el1_walks();
  load_el1(cpu.host.el1);
  RD_WRITE_SYSREG(VTCR_EL2, state.host_vtcr);
  RD_WRITE_SYSREG(VTTBR_EL2, state.host_vttbr);
  RD_WRITE_SYSREG(VMPIDR_EL2, cpu.mpidr);
  write_traps(state.host);
  arm64::isb();
  RD_WRITE_SYSREG(SCTLR_EL1, cpu.host.el1.sctlr);
  arm64::isb();
  RD_WRITE_SYSREG(TCR_EL1, cpu.host.el1.tcr);
  resume_host_monitors(cpu);
  if (!cpu.host_fp_live) {
    if (cpu.host_sve != nullptr) {
      sve_load(cpu.host_sve);
    } else {
      fp_load(&cpu.host_fp);
    }
    cpu.host_fp_live = true;
  }
  RD_WRITE_SYSREG(ELR_EL2, cpu.host.pc);
  RD_WRITE_SYSREG(SPSR_EL2, cpu.host.pstate);
  cpu.vcpu = nullptr;
  cpu.context = &cpu.host;
  ++cpu.exits;
}

auto take_guest_serror() noexcept -> bool {
  if (!machine().features.ras()) return false;
  asm volatile("hint #16" ::: "memory");                             // ESB
  if ((RD_READ_SYSREG(S3_0_C12_C1_1) & bit(31)) == 0) return false;  // DISR_EL1.A
  RD_WRITE_SYSREG(S3_0_C12_C1_1, 0);
  return true;
}

void give_fp_to_guest(PerCpu& cpu, Vcpu& vcpu) noexcept {
  const auto& state = machine();
  RD_WRITE_SYSREG(CPTR_EL2, state.host.cptr);
  arm64::isb();
  if (cpu.host_sve != nullptr) {
    sve_save(cpu.host_sve);
  } else {
    fp_save(&cpu.host_fp);
  }
  cpu.host_fp_live = false;
  fp_load(&vcpu.fp);
  vcpu.fp_live = true;
  RD_WRITE_SYSREG(CPTR_EL2, state.guest.cptr & ~arm64::cptr::kTfp);
  arm64::isb();
}

}  // namespace redoubt::hyp
