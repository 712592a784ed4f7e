// SPDX-License-Identifier: Apache-2.0
// Taking an exception to EL1 on its behalf (Arm ARM D1.3.5, AArch64.TakeException), the same for host and guest.
#pragma once

#include <cstdint>

#include "arch/arm64_defs/el2_regs.hpp"

namespace redoubt::hyp {

struct ExceptionEntry {
  std::uint64_t pc;
  std::uint64_t pstate;
};

// Where EL1 goes on, and in which state, for a synchronous exception taken from `pstate`.
[[nodiscard]] constexpr auto synchronous_entry(std::uint64_t vbar, std::uint64_t pstate, std::uint64_t sctlr, bool pan,
                                               bool ssbs, bool mte) noexcept -> ExceptionEntry {
  namespace ps = arm64::pstate;
  std::uint64_t offset = 0x400;  // from EL0, AArch64
  if ((pstate & ps::kModeMask) == ps::kEl1h) {
    offset = 0x200;
  } else if ((pstate & ps::kModeMask) == 0x4) {
    offset = 0x000;
  }
  if ((pstate & bit(4)) != 0) offset = 0x600;  // from EL0, AArch32
  std::uint64_t next = ps::kEl1h | ps::kDaif | (pstate & (ps::kNzcv | ps::kDit | ps::kPan));
  if (pan && (sctlr & bit(23)) == 0) next |= ps::kPan;    // SPAN = 0: PAN is set
  if (ssbs && (sctlr & bit(44)) != 0) next |= ps::kSsbs;  // DSSBS
  if (mte) next |= bit(25);                               // TCO
  return ExceptionEntry{(vbar & ~std::uint64_t{0x7ff}) + offset, next};
}

static_assert(synchronous_entry(0x1000, 0x5, 0, false, false, false).pc == 0x1200);
static_assert(synchronous_entry(0x1000, 0x0, 0, true, false, false).pstate == 0x4003c5);

}  // namespace redoubt::hyp
