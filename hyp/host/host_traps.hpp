// SPDX-License-Identifier: Apache-2.0
// What the host does that EL2 must look at: calls, firmware calls, and accesses to what it does not own.
#pragma once

#include "hyp/cpu/per_cpu.hpp"

namespace redoubt::hyp {

// A synchronous exception from the host; its registers are in cpu.host.
void handle_host_sync(PerCpu& cpu) noexcept;

// HVC: x0 is the function id. Results go to x0..x3 of cpu.host, or the CPU is in a guest afterwards.
void host_call(PerCpu& cpu) noexcept;

// SMC: PSCI relayed, the architecture's calls answered, everything else refused.
void host_smc(PerCpu& cpu) noexcept;

// Stage-2 abort.
void host_abort(PerCpu& cpu, std::uint64_t esr) noexcept;

// A trapped MRS or MSR of the host's kernel. ID registers answer what the host may use, IMPLEMENTATION DEFINED registers read
// as zero and ignore writes; false for all others: the instruction is undefined.
[[nodiscard]] auto host_sysreg(PerCpu& cpu, std::uint64_t syndrome) noexcept -> bool;

// An exception into EL1 (UNDEF, external abort) at the host's current PC.
void inject_into_host(std::uint64_t esr_el1, std::uint64_t far) noexcept;

[[nodiscard]] auto host_faults_injected() noexcept -> std::uint64_t;

}  // namespace redoubt::hyp
