// SPDX-License-Identifier: Apache-2.0
// What a world is made of: the registers of EL1&0 that the host and a vCPU each believe to own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "hyp/mm/layout.h"

namespace redoubt::hyp {

// EL1&0 system registers switched between worlds.
struct El1State {
  std::uint64_t sctlr, tcr;
#define RD_EL1_REGISTER(member, register, number) std::uint64_t member;
#include "hyp/vcpu/el1_state.def"
};

struct alignas(16) FpState {
  std::array<unsigned __int128, 32> v;
  std::uint64_t fpsr, fpcr;
};

// general[] first: vectors.S stores x0..x30 at offset 0.
struct Context {
  std::array<std::uint64_t, 31> x;
  std::uint64_t pc;      // ELR_EL2 while this world is not running
  std::uint64_t pstate;  // SPSR_EL2 likewise
  El1State el1;
};

static_assert(offsetof(Context, x) == CONTEXT_X(0) && offsetof(Context, pc) == CONTEXT_X(31));

}  // namespace redoubt::hyp
