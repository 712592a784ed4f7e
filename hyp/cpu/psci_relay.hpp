// SPDX-License-Identifier: Apache-2.0
// PSCI calls of the host. Those that name an entry point are relayed with EL2's own, so that no CPU ever starts the host
// without Redoubt below it; what is not listed is answered NOT_SUPPORTED.
#pragma once

#include <cstdint>

#include "arch/arm64_defs/smccc.hpp"
#include "hyp/cpu/per_cpu.hpp"

namespace redoubt::hyp {

// Performs the host's PSCI call; x0 = function id (already known to be PSCI's), x1..x3 arguments. Sets x0.
void relay_psci(PerCpu& cpu, arm64::Fid call) noexcept;

// Boot: the physical address of secondary_entry.
void psci_relay_init(std::uint64_t secondary_entry_pa) noexcept;

// First C++ code of a secondary CPU or of one that wakes up from a power-down suspend.
extern "C" [[noreturn]] void secondary_main() noexcept;

}  // namespace redoubt::hyp
