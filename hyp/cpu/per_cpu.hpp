// SPDX-License-Identifier: Apache-2.0
// The state of one physical CPU; TPIDR_EL2 points at it. Only its own CPU writes it, unless a member says otherwise.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "abi/hypercall.h"
#include "arch/arm64/common/sysreg_access.hpp"
#include "base/addr.hpp"
#include "hyp/mm/layout.h"
#include "hyp/vcpu/context.hpp"

namespace redoubt::hyp {

struct Vcpu;

inline constexpr unsigned kMaxCpus = EL2_MAX_CPUS;

// Registers of the host's monitors while a guest runs (hyp/vcpu/host_monitors.hpp).
struct HostMonitors {
  std::uint64_t counters, pmscr, pmblimitr, trfcr, trblimitr, brbcr;
};

struct PerCpu {
  Context* context;               // what runs on this CPU: &host or a vCPU's; vectors.S reads it
  std::uint64_t emergency_stack;  // for a panic when the normal stack may be the problem
  Vcpu* vcpu;                     // the loaded vCPU, null while the host runs
  std::uint64_t* page_window;     // level-3 entry of this CPU's window onto a page (hyp/mm/window.hpp)
  std::uint64_t* block_window;    // level-2 entry of its window onto a 2 MiB block
  std::uint64_t window_va;        // of the page; the block's is one block further
  std::uint64_t gicr_va;          // this CPU's redistributor, RD_base frame; 0 before the first use
  std::uint32_t index;
  bool sre_writable;  // ICC_SRE_EL1.SRE can be cleared
  bool host_fp_live;  // the FP registers hold the host's values (else the loaded vCPU's)
  std::uint64_t mpidr;
  std::uint64_t saved_vttbr, saved_tcr, saved_sctlr;  // between El2Machine::enter and leave
  std::uint64_t exits;                                // from guests to the host, for CPU_STATE
  std::atomic<bool> online;                           // read by all
  HostMonitors monitors;
  Context host;
  FpState host_fp;
  std::array<std::uint8_t, RD_MAX_VMS> last_vcpu;  // by slot: index + 1 of the VM's vCPU that ran here last, 0: none
  std::uint64_t* host_sve;  // storage for the host's SVE state (EL2 linear address), null without SVE
};

static_assert(offsetof(PerCpu, context) == PER_CPU_CONTEXT);
static_assert(offsetof(PerCpu, emergency_stack) == PER_CPU_EMERGENCY_STACK);

[[nodiscard]] inline auto this_cpu() noexcept -> PerCpu& {
  return *reinterpret_cast<PerCpu*>(RD_READ_SYSREG(TPIDR_EL2));
}

// All CPUs of the machine, in device-tree order; valid once boot is over.
[[nodiscard]] auto cpu_at(unsigned index) noexcept -> PerCpu&;
[[nodiscard]] auto cpu_count() noexcept -> unsigned;
// Boot only: the CPU with the next index, which has to be set.
void add_cpu(PerCpu& cpu) noexcept;

}  // namespace redoubt::hyp
