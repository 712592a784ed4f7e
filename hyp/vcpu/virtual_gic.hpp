// SPDX-License-Identifier: Apache-2.0
// The CPU interface of a loaded vCPU: list registers, ICH_* state, and the physical side of the virtual timer interrupt.
// All functions run on the CPU the vCPU is loaded on.
#pragma once

#include "hyp/cpu/per_cpu.hpp"
#include "hyp/vcpu/vcpu.hpp"

namespace redoubt::hyp {

// ICC_SRE_EL2: system registers at EL2, no bypass; and, for the host alone, ICC_SRE_EL1 untrapped.
inline constexpr std::uint64_t kGuestIccSre = 0x7;
inline constexpr std::uint64_t kHostIccSre = 0xf;

void gic_enter(PerCpu& cpu, Vcpu& vcpu) noexcept;
void gic_leave(PerCpu& cpu, Vcpu& vcpu) noexcept;

// Around any look at interrupt state while the guest stays on the CPU: fold takes the list registers back, present
// composes them anew (taking in the inbox and the timer line).
void gic_fold(Vcpu& vcpu) noexcept;
void gic_present(PerCpu& cpu, Vcpu& vcpu) noexcept;

// Is it (also) the guest's own timer that interrupts this CPU? Before gic_present.
[[nodiscard]] auto gic_timer_fired(const PerCpu& cpu) noexcept -> bool;

// WFI: would anything interrupt this vCPU? Needs gic_fold before and gic_present after.
[[nodiscard]] auto gic_wakes(Vcpu& vcpu) noexcept -> bool;

// A level-triggered SPI ended since the last call: the host wants to look at its line.
[[nodiscard]] auto gic_take_level_ended(Vcpu& vcpu) noexcept -> bool;

// The redistributor of the calling CPU, found by affinity and mapped at boot. Panics if the machine has none for it.
void gic_init_cpu(PerCpu& cpu) noexcept;

}  // namespace redoubt::hyp
