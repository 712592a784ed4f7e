// SPDX-License-Identifier: Apache-2.0
// Calls of a guest by HVC or SMC: SMCCC, PSCI, TRNG, RSI. Answered at EL2; the host learns of those that concern it.
#pragma once

#include "arch/arm64_defs/smccc.hpp"
#include "hyp/cpu/per_cpu.hpp"
#include "hyp/vcpu/vcpu.hpp"

namespace redoubt::hyp {

void handle_guest_hvc(PerCpu& cpu, Vcpu& vcpu, std::uint64_t syndrome) noexcept;
void handle_guest_smc(PerCpu& cpu, Vcpu& vcpu, std::uint64_t syndrome) noexcept;

// By family; x0..x17 of vcpu.context hold arguments and take results. PC is already past the instruction.
void guest_psci(PerCpu& cpu, Vcpu& vcpu, arm64::Fid call) noexcept;
void guest_trng(Vcpu& vcpu, arm64::Fid call) noexcept;
void guest_rsi(PerCpu& cpu, Vcpu& vcpu, arm64::Fid call) noexcept;

}  // namespace redoubt::hyp
