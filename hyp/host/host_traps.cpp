// SPDX-License-Identifier: Apache-2.0
#include "hyp/host/host_traps.hpp"

#include "arch/arm64/common/sysreg_access.hpp"
#include "arch/arm64_defs/esr.hpp"
#include "hyp/cpu/machine_state.hpp"
#include "hyp/log/panic.hpp"
#include "hyp/vcpu/inject.hpp"

namespace redoubt::hyp {

using arm64::ExceptionClass;

void inject_into_host(std::uint64_t esr_el1, std::uint64_t far) noexcept {
  take_to_el1(esr_el1, far, machine().features.mte());
}

void handle_host_sync(PerCpu& cpu) noexcept {
  const auto syndrome = RD_READ_SYSREG(ESR_EL2);
  switch (arm64::exception_class(syndrome)) {
    case ExceptionClass::HVC64: host_call(cpu); return;
    case ExceptionClass::SMC64:
      RD_WRITE_SYSREG(ELR_EL2, RD_READ_SYSREG(ELR_EL2) + 4);  // a trapped SMC has not been passed yet
      if (arm64::esr::IMM16::of(syndrome) != 0) {
        cpu.host.x[0] = ~std::uint64_t{0};
        return;
      }
      host_smc(cpu);
      return;
    case ExceptionClass::DATA_ABORT_LOWER:
    case ExceptionClass::INSTRUCTION_ABORT_LOWER: host_abort(cpu, syndrome); return;
    case ExceptionClass::SYSREG:
      if (host_sysreg(cpu, syndrome)) return;
      [[fallthrough]];
    default:
      // A feature that EL2 does not let the host use (or does not know): the instruction is undefined.
      inject_into_host(arm64::make_syndrome(ExceptionClass::UNKNOWN, 0), 0);
      return;
  }
}

}  // namespace redoubt::hyp
