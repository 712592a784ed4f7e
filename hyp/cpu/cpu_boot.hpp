// SPDX-License-Identifier: Apache-2.0
// Bringing a CPU from its reset state to the host: EL2 registers, and what EL1 finds.
#pragma once

#include <array>
#include <cstdint>

#include "base/addr.hpp"
#include "hyp/cpu/per_cpu.hpp"
#include "hyp/mm/layout.h"

namespace redoubt::hyp {

// What secondary_entry (entry.S) reads with the MMU off; written and cleaned to memory by the boot CPU.
struct CpuBoot {
  std::uint64_t ttbr;     // TTBR0_EL2
  std::uint64_t stack;    // initial SP_EL2, linked address space
  std::uint64_t per_cpu;  // struct PerCpu
};

static_assert(offsetof(CpuBoot, ttbr) == CPU_BOOT_TTBR && offsetof(CpuBoot, stack) == CPU_BOOT_STACK &&
              offsetof(CpuBoot, per_cpu) == CPU_BOOT_PER_CPU && sizeof(CpuBoot) == CPU_BOOT_BYTES);

extern "C" std::array<CpuBoot, EL2_MAX_CPUS> cpu_boot;

// The calling CPU: trap configuration, stage 2, timers, GIC. Needs MachineState and its PerCpu.
void init_this_cpu(PerCpu& cpu) noexcept;

// Sets the host's context to its architectural entry state: EL1h, MMU off, PC, x0.
void set_host_entry(PerCpu& cpu, std::uint64_t pc, std::uint64_t x0) noexcept;

extern "C" [[noreturn]] void return_to_context() noexcept;

}  // namespace redoubt::hyp
