// SPDX-License-Identifier: Apache-2.0
#include "hyp/vcpu/guest_traps.hpp"

#include "arch/arm64/common/sysreg_access.hpp"
#include "arch/arm64_defs/esr.hpp"
#include "hyp/vcpu/guest_abort.hpp"
#include "hyp/vcpu/guest_call.hpp"
#include "hyp/vcpu/guest_sysreg.hpp"
#include "hyp/vcpu/guest_vm.hpp"
#include "hyp/vcpu/inject.hpp"
#include "hyp/vcpu/run.hpp"
#include "hyp/vcpu/virtual_gic.hpp"
#include "hyp/vcpu/world_switch.hpp"

namespace redoubt::hyp {
namespace {

using arm64::ExceptionClass;

// WFI completes at once when something would interrupt the vCPU; otherwise the host may use the CPU until then.
[[gnu::noinline]] void wait_for_interrupt(PerCpu& cpu, Vcpu& vcpu, bool wfe) noexcept {
  RD_WRITE_SYSREG(ELR_EL2, RD_READ_SYSREG(ELR_EL2) + 4);
  bool wakes = false;
  if (vcpu.vm->nr_irqs != 0) {
    gic_fold(vcpu);
    wakes = gic_wakes(vcpu);
    gic_present(cpu, vcpu);
  }
  if (wakes) return;
  leave_guest(cpu, vcpu, {.reason = RD_EXIT_WFX, .args = {wfe ? std::uint64_t{1} : 0}});
}

[[gnu::noinline]] void unexpected(PerCpu& cpu, Vcpu& vcpu, ExceptionClass what) noexcept {
  leave_guest(cpu, vcpu, {.reason = RD_EXIT_FAULT, .args = {RD_FAULT_UNEXPECTED, static_cast<std::uint64_t>(what)}});
}

}  // namespace

// Rare exits are functions of their own: their stack frames would cost the frequent ones.
void handle_guest_sync(PerCpu& cpu, Vcpu& vcpu) noexcept {
  const auto syndrome = RD_READ_SYSREG(ESR_EL2);
  switch (arm64::exception_class(syndrome)) {
    case ExceptionClass::HVC64: return handle_guest_hvc(cpu, vcpu, syndrome);
    case ExceptionClass::SMC64: return handle_guest_smc(cpu, vcpu, syndrome);
    case ExceptionClass::DATA_ABORT_LOWER:
    case ExceptionClass::INSTRUCTION_ABORT_LOWER: return handle_guest_abort(cpu, vcpu, syndrome);
    case ExceptionClass::SYSREG: return handle_guest_sysreg(cpu, vcpu, syndrome);
    case ExceptionClass::WFX: return wait_for_interrupt(cpu, vcpu, (arm64::wfx_iss::TI::of(syndrome) & 1) != 0);
    case ExceptionClass::FP_ASIMD: return give_fp_to_guest(cpu, vcpu);
    case ExceptionClass::SVE:
    case ExceptionClass::SME:
    case ExceptionClass::PAUTH:
    case ExceptionClass::LS64:
    case ExceptionClass::ERET:
    case ExceptionClass::MOPS:
    case ExceptionClass::GCS:
    case ExceptionClass::UNKNOWN: return inject_undefined();  // features that are hidden from guests
    default: return unexpected(cpu, vcpu, arm64::exception_class(syndrome));
  }
}

void handle_guest_irq(PerCpu& cpu, Vcpu& vcpu) noexcept {
  if (vcpu.vm->nr_irqs != 0) {
    gic_fold(vcpu);
    const bool level_ended = gic_take_level_ended(vcpu);
    const bool timer_fired = gic_timer_fired(cpu);
    gic_present(cpu, vcpu);
    if (level_ended) return leave_guest(cpu, vcpu, {.reason = RD_EXIT_EOI});
    // The guest's own timer is in a list register now and held at the physical interface. Anything else that is pending
    // comes straight back.
    if (timer_fired) return;
  }
  leave_guest(cpu, vcpu, {.reason = RD_EXIT_IRQ});
}

void handle_guest_serror(PerCpu& cpu, Vcpu& vcpu) noexcept {
  leave_guest(cpu, vcpu, {.reason = RD_EXIT_FAULT, .args = {RD_FAULT_SERROR}});
}

void handle_guest_aarch32(PerCpu& cpu, Vcpu& vcpu) noexcept {
  leave_guest(cpu, vcpu, {.reason = RD_EXIT_FAULT, .args = {RD_FAULT_STATE}});
}

}  // namespace redoubt::hyp
