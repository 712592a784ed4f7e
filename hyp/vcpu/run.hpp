// SPDX-License-Identifier: Apache-2.0
// From VCPU_RUN to the exit record and back.
#pragma once

#include "abi/run.h"
#include "hyp/cpu/per_cpu.hpp"
#include "hyp/vcpu/vcpu.hpp"

namespace redoubt::hyp {

// The hypercall: loads the vCPU on this CPU, applies the host's answer to its last exit and enters it, or fails with an
// error in x0 of the host's context.
void run_vcpu(PerCpu& cpu, std::uint64_t handle, std::uint64_t index) noexcept;

// What an exit tells the host. Everything a vCPU's exit exposes passes through here: what a reason does not list stays 0.
struct ExitReport {
  rd_exit_reason reason;
  std::uint64_t ipa = 0;
  bool shared = false;
  std::uint32_t mmio_bytes = 0;
  bool mmio_write = false;
  std::uint64_t mmio_value = 0;
  std::uint32_t kick_mask = 0;
  std::array<std::uint64_t, 8> args{};
};

// Ends the run: switches to the host and writes the record.
void leave_guest(PerCpu& cpu, Vcpu& vcpu, const ExitReport& report) noexcept;

}  // namespace redoubt::hyp
