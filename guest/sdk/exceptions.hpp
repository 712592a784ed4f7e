// SPDX-License-Identifier: Apache-2.0
// Exceptions taken at EL1. Unexpected ones are printed and end the guest; expected ones are counted and skipped.
#pragma once

#include <cstdint>

#include "guest/sdk/cpu.hpp"

namespace redoubt::guest {

// Filled by vectors.S.
struct TrapFrame {
  std::uint64_t x[31];
  std::uint64_t ELR;
  std::uint64_t SPSR;
  std::uint64_t unused;
};
static_assert(sizeof(TrapFrame) == 272);

// Runs `body`; each synchronous exception in it skips the instruction (a failed fetch returns to the caller).
// The registers such an instruction would have written keep their old values.
template <class Body>
[[nodiscard]] auto expecting_abort(Body&& body) noexcept -> Abort {
  Cpu& cpu = this_cpu();
  cpu.abort = {};
  cpu.abort_expected = true;
  asm volatile("isb" ::: "memory");
  body();
  asm volatile("dsb sy\n isb" ::: "memory");
  cpu.abort_expected = false;
  return cpu.abort;
}

// Called for every IRQ with PSTATE.I set; acknowledges and completes on its own. Null: IRQs are unexpected.
using IrqEntry = void (*)() noexcept;
void set_irq_entry(IrqEntry entry) noexcept;

}  // namespace redoubt::guest
