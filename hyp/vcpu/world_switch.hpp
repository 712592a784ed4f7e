// SPDX-License-Identifier: Apache-2.0
// Which world a CPU is in. Both functions run on the CPU concerned with interrupts masked.
#pragma once

#include "hyp/cpu/per_cpu.hpp"
#include "hyp/vcpu/vcpu.hpp"

namespace redoubt::hyp {

// Host -> guest: everything the guest can see becomes the vCPU's; return_to_context then enters it.
void switch_to_guest(PerCpu& cpu, Vcpu& vcpu) noexcept;

// Guest -> host. The caller has written the exit record; x0.. of the host's context are its business too.
void switch_to_host(PerCpu& cpu, Vcpu& vcpu) noexcept;

// Before switch_to_host(): waits for the guest's own accesses and takes the SError that one of them may have caused, which
// would be the host's otherwise (FEAT_RAS: with an error synchronization barrier; older CPUs have no way to).
[[nodiscard]] auto take_guest_serror() noexcept -> bool;

// First use of FP by a guest since it was entered (trap EC 0x07).
void give_fp_to_guest(PerCpu& cpu, Vcpu& vcpu) noexcept;

}  // namespace redoubt::hyp
