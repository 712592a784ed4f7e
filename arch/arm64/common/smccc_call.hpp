// SPDX-License-Identifier: Apache-2.0
// SMC and HVC #0 with the full SMCCC 1.2 register set (DEN0028 2.6): x0-x17 in and out, everything above preserved.
#pragma once

#include <cstdint>

#include "arch/arm64_defs/smccc.hpp"

namespace redoubt::arm64 {

struct SmcccRegs {
  std::uint64_t x[18] = {};
};

namespace detail {
// One body for both conduits. x18 may be the platform register, so the pointer travels in a callee-saved register.
#define RD_SMCCC_BODY(instruction)                                                                                    \
  register std::uint64_t* rd_regs asm("x19") = regs.x;                                                                \
  asm volatile(                                                                                                       \
      "ldp x0, x1, [x19, #0]\n ldp x2, x3, [x19, #16]\n ldp x4, x5, [x19, #32]\n ldp x6, x7, [x19, #48]\n"            \
      "ldp x8, x9, [x19, #64]\n ldp x10, x11, [x19, #80]\n ldp x12, x13, [x19, #96]\n"                                \
      "ldp x14, x15, [x19, #112]\n ldp x16, x17, [x19, #128]\n" instruction                                           \
      "\n stp x0, x1, [x19, #0]\n stp x2, x3, [x19, #16]\n stp x4, x5, [x19, #32]\n stp x6, x7, [x19, #48]\n"         \
      "stp x8, x9, [x19, #64]\n stp x10, x11, [x19, #80]\n stp x12, x13, [x19, #96]\n"                                \
      "stp x14, x15, [x19, #112]\n stp x16, x17, [x19, #128]\n"                                                       \
      : "+r"(rd_regs)::"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", \
        "x15", "x16", "x17", "memory", "cc")

inline void smc_regs(SmcccRegs& regs) noexcept { RD_SMCCC_BODY("smc #0"); }
inline void hvc_regs(SmcccRegs& regs) noexcept { RD_SMCCC_BODY("hvc #0"); }
#undef RD_SMCCC_BODY
}  // namespace detail

enum class Conduit : std::uint8_t { Smc, Hvc };

// In and out in place: regs.x[0] holds the function identifier, afterwards the status.
inline void smccc_call(Conduit conduit, SmcccRegs& regs) noexcept {
  if (conduit == Conduit::Smc) {
    detail::smc_regs(regs);
  } else {
    detail::hvc_regs(regs);
  }
}

// The usual shape: up to 17 arguments, all results.
template <class... Args>
  requires(sizeof...(Args) <= 17)
[[nodiscard]] inline auto smccc(Conduit conduit, Fid function, Args... args) noexcept -> SmcccRegs {
  SmcccRegs regs{{static_cast<std::uint64_t>(function), static_cast<std::uint64_t>(args)...}};
  smccc_call(conduit, regs);
  return regs;
}

}  // namespace redoubt::arm64
