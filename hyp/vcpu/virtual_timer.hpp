// SPDX-License-Identifier: Apache-2.0
// The guest's virtual timer (CNTV, PPI 27), which belongs to guests alone: the host uses CNTP. Its registers are live
// while the vCPU is loaded and off otherwise, so that its line is low whenever the host runs.
#pragma once

#include "hyp/vcpu/vcpu.hpp"

namespace redoubt::hyp {

void timer_enter(Vcpu& vcpu) noexcept;
void timer_leave(Vcpu& vcpu) noexcept;

// Level of vINTID 27 now, from the live registers: ENABLE && !IMASK && CVAL <= CNTVCT.
[[nodiscard]] auto timer_line_live() noexcept -> bool;
// The same from the saved registers.
[[nodiscard]] auto timer_line_saved(const Vcpu& vcpu) noexcept -> bool;

}  // namespace redoubt::hyp
