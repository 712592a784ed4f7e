// SPDX-License-Identifier: Apache-2.0
// The parts of the sysregs payload.
#pragma once

#include <cstdint>

#include "guest/sdk/exceptions.hpp"
#include "guest/sdk/payload.hpp"

namespace redoubt::guest {

void check_id_registers(Report& report) noexcept;
void check_hidden_registers(Report& report) noexcept;
void check_context(Report& report) noexcept;  // what has to survive exits: FP, PAuth keys, thread registers

// MRS of a register by encoding, and whether it was undefined (or aborted otherwise).
struct SysregRead {
  std::uint64_t value;
  bool trapped;
};

template <unsigned kOp0, unsigned kOp1, unsigned kCrn, unsigned kCrm, unsigned kOp2>
[[nodiscard]] auto try_read() noexcept -> SysregRead {
  std::uint64_t value = 0;
  const Abort abort = expecting_abort([&] {
    asm volatile("mrs %0, S%c1_%c2_C%c3_C%c4_%c5"
                 : "+r"(value)
                 : "i"(kOp0), "i"(kOp1), "i"(kCrn), "i"(kCrm), "i"(kOp2));
  });
  return {value, abort.count != 0};
}

}  // namespace redoubt::guest
