// SPDX-License-Identifier: Apache-2.0
// The host's performance counters, statistical profiling, trace buffer and branch records stand still while a guest runs: they would
// record what the guest does.
#pragma once

#include "hyp/cpu/per_cpu.hpp"

namespace redoubt::hyp {

// Each CPU, before the host runs.
void host_monitors_init() noexcept;

void stop_host_monitors(PerCpu& cpu) noexcept;
void resume_host_monitors(const PerCpu& cpu) noexcept;

}  // namespace redoubt::hyp
