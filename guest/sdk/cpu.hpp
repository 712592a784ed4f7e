// SPDX-License-Identifier: Apache-2.0
// The per-CPU block. Its address is in TPIDRRO_EL0, which leaves TPIDR_EL0 and TPIDR_EL1 to payloads.
#pragma once

#include <cstdint>

#include "arch/arm64/common/sysreg_access.hpp"
#include "guest/sdk/machine.hpp"

namespace redoubt::guest {

// A synchronous exception that was expected.
struct Abort {
  std::uint64_t count = 0;  // how many were taken; the rest describes the last one
  std::uint64_t ESR = 0;
  std::uint64_t ELR = 0;
  std::uint64_t FAR = 0;
};

struct Cpu {
  unsigned index = 0;  // position in machine().cpus
  Mpidr mpidr;
  bool abort_expected = false;
  Abort abort;
  bool dying = false;  // inside the report of an unexpected exception
};

[[nodiscard]] inline auto this_cpu() noexcept -> Cpu& { return *reinterpret_cast<Cpu*>(RD_READ_SYSREG(TPIDRRO_EL0)); }

// Clears the block of CPU `index` and makes it current; called on that CPU before anything can fault.
void install_cpu(unsigned index) noexcept;

}  // namespace redoubt::guest
