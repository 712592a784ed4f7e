// SPDX-License-Identifier: Apache-2.0
// From vectors.S: an exception from EL1 or EL0, with the general registers already in the current context.
#include "hyp/cpu/per_cpu.hpp"
#include "hyp/cpu/reset.hpp"
#include "hyp/host/host_traps.hpp"
#include "hyp/log/panic.hpp"
#include "hyp/vcpu/guest_traps.hpp"

namespace redoubt::hyp {

extern "C" {

void handle_sync() noexcept {
  stop_if_resetting();
  auto& cpu = this_cpu();
  if (cpu.vcpu != nullptr) {
    handle_guest_sync(cpu, *cpu.vcpu);
  } else {
    handle_host_sync(cpu);
  }
}

// Interrupts reach EL2 only while a guest runs (HCR_EL2.IMO and FMO are off for the host).
void handle_irq() noexcept {
  stop_if_resetting();
  auto& cpu = this_cpu();
  RD_CHECK(cpu.vcpu != nullptr);
  handle_guest_irq(cpu, *cpu.vcpu);
}

void handle_fiq() noexcept { handle_irq(); }

void handle_serror() noexcept {
  stop_if_resetting();
  auto& cpu = this_cpu();
  RD_CHECK(cpu.vcpu != nullptr);
  handle_guest_serror(cpu, *cpu.vcpu);
}

// The host's EL1 is AArch64; only its AArch32 applications can come here, and a guest that broke the rules.
void handle_aarch32() noexcept {
  stop_if_resetting();
  auto& cpu = this_cpu();
  if (cpu.vcpu != nullptr) {
    handle_guest_aarch32(cpu, *cpu.vcpu);
  } else {
    handle_host_sync(cpu);
  }
}

}  // extern "C"

}  // namespace redoubt::hyp
