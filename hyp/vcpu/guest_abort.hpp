// SPDX-License-Identifier: Apache-2.0
// A guest touched an address that its stage 2 does not map (specs of the realm personality: DEN0137 A5, "abort matrix").
#pragma once

#include "hyp/cpu/per_cpu.hpp"
#include "hyp/vcpu/vcpu.hpp"

namespace redoubt::hyp {

void handle_guest_abort(PerCpu& cpu, Vcpu& vcpu, std::uint64_t syndrome) noexcept;

}  // namespace redoubt::hyp
