// SPDX-License-Identifier: Apache-2.0
// The architectural reset state of a vCPU, as PSCI CPU_ON and VCPU_INIT give it.
#pragma once

#include "hyp/vcpu/vcpu.hpp"

namespace redoubt::hyp {

// General, system, FP and timer registers and the CPU interface; identity, power and interrupt configuration stay.
void reset_registers(Vcpu& vcpu) noexcept;

}  // namespace redoubt::hyp
