// SPDX-License-Identifier: Apache-2.0
// Exceptions from a guest. Each either answers the guest or ends the run with an exit record and a switch to the host.
#pragma once

#include "hyp/cpu/per_cpu.hpp"
#include "hyp/vcpu/vcpu.hpp"

namespace redoubt::hyp {

void handle_guest_sync(PerCpu& cpu, Vcpu& vcpu) noexcept;
void handle_guest_irq(PerCpu& cpu, Vcpu& vcpu) noexcept;
void handle_guest_serror(PerCpu& cpu, Vcpu& vcpu) noexcept;
void handle_guest_aarch32(PerCpu& cpu, Vcpu& vcpu) noexcept;

}  // namespace redoubt::hyp
