// SPDX-License-Identifier: Apache-2.0
// System registers that trap to EL2 from a guest. Default deny: what is not listed is undefined.
#pragma once

#include "arch/arm64_defs/sysreg.hpp"
#include "hyp/cpu/per_cpu.hpp"
#include "hyp/vcpu/vcpu.hpp"

namespace redoubt::hyp {

void handle_guest_sysreg(PerCpu& cpu, Vcpu& vcpu, std::uint64_t syndrome) noexcept;

}  // namespace redoubt::hyp
