// SPDX-License-Identifier: Apache-2.0
// A machine without Arm on which hyp's own sources run: RAM at the address where EL2 maps it, system registers that are
// variables, one CPU. What hyp is linked with on the real machine and what is not under test here is in machine.cpp.
#pragma once

#include <cstdint>

#include "hyp/core_state.hpp"
#include "hyp/cpu/per_cpu.hpp"

namespace redoubt::fuzz {

inline constexpr Pfn kRam{0x40000};
inline constexpr std::uint64_t kRamPages = 640;  // one whole block and part of another
inline constexpr std::uint64_t kHypPages = 8;    // the first ones: EL2's from boot
inline constexpr std::uint64_t kGicr = 0x80a'0000;
inline constexpr std::uint64_t kHostVttbr = 0x4057'0000;

// Power-on: everything zero, all RAM but EL2's the host's.
void power_on();

[[nodiscard]] auto the_cpu() -> hyp::PerCpu&;

// The page's words, wherever it is and whoever owns it.
[[nodiscard]] auto page_words(Pfn page) -> std::uint64_t*;

// Calls of map_hyp() that still succeed; negative: all.
void set_map_budget(int budget);

// The invariants of core/ownership, from the array of page entries and the real tables. 0: none is broken.
[[nodiscard]] auto broken_invariant() -> unsigned;

}  // namespace redoubt::fuzz
