// SPDX-License-Identifier: Apache-2.0
#include "hyp/vcpu/inject.hpp"

#include "arch/arm64/common/sysreg_access.hpp"
#include "arch/arm64_defs/esr.hpp"
#include "hyp/cpu/exception_entry.hpp"
#include "hyp/cpu/machine_state.hpp"

namespace redoubt::hyp {
namespace {

using arm64::ExceptionClass;
namespace iss = arm64::abort_iss;

auto entry_from(std::uint64_t vbar, std::uint64_t pstate, std::uint64_t sctlr, bool mte) noexcept -> ExceptionEntry {
  const auto& features = machine().features;
  return synchronous_entry(vbar, pstate, sctlr, features.pan(), features.ssbs(), mte);
}

}  // namespace

void take_to_el1(std::uint64_t esr, std::uint64_t far, bool mte) noexcept {
  const auto pstate = RD_READ_SYSREG(SPSR_EL2);
  RD_WRITE_SYSREG(ELR_EL1, RD_READ_SYSREG(ELR_EL2));
  RD_WRITE_SYSREG(SPSR_EL1, pstate);
  RD_WRITE_SYSREG(ESR_EL1, esr);
  RD_WRITE_SYSREG(FAR_EL1, far);
  const auto entry = entry_from(RD_READ_SYSREG(VBAR_EL1), pstate, RD_READ_SYSREG(SCTLR_EL1), mte);
  RD_WRITE_SYSREG(ELR_EL2, entry.pc);
  RD_WRITE_SYSREG(SPSR_EL2, entry.pstate);
}

auto abort_class(std::uint64_t pstate, bool fetch) noexcept -> ExceptionClass {
  const bool from_el0 = (pstate & 0xf) == 0;
  if (fetch) return from_el0 ? ExceptionClass::INSTRUCTION_ABORT_LOWER : ExceptionClass::INSTRUCTION_ABORT_SAME;
  return from_el0 ? ExceptionClass::DATA_ABORT_LOWER : ExceptionClass::DATA_ABORT_SAME;
}

void inject_undefined() noexcept {
  take_to_el1(arm64::make_syndrome(ExceptionClass::UNKNOWN, 0), RD_READ_SYSREG(FAR_EL1), false);
}

void inject_sea(std::uint64_t esr_el2, std::uint64_t far) noexcept {
  const bool fetch = arm64::exception_class(esr_el2) == ExceptionClass::INSTRUCTION_ABORT_LOWER;
  take_to_el1(arm64::make_syndrome(abort_class(RD_READ_SYSREG(SPSR_EL2), fetch),
                                   iss::FSC::make(arm64::fsc::kSynchronousExternal)),
              far, false);
}

void inject_saved_sea(Vcpu& vcpu, std::uint64_t far) noexcept {
  auto& context = vcpu.context;
  context.el1.elr = context.pc;
  context.el1.spsr = context.pstate;
  context.el1.far = far;
  context.el1.esr =
      arm64::make_syndrome(abort_class(context.pstate, false), iss::FSC::make(arm64::fsc::kSynchronousExternal));
  const auto entry = entry_from(context.el1.vbar, context.pstate, context.el1.sctlr, false);
  context.pc = entry.pc;
  context.pstate = entry.pstate;
}

}  // namespace redoubt::hyp
