// SPDX-License-Identifier: Apache-2.0
// MRS and MSR by register name. A write is not self-synchronising: the caller adds isb() where the Arm ARM asks for it.
#pragma once

#include <cstdint>

// RD_READ_SYSREG(CNTVCT_EL0) or RD_READ_SYSREG(S3_0_C12_C12_5). Not reordered against other volatile accesses.
#define RD_READ_SYSREG(name)                                   \
  ([]() noexcept -> std::uint64_t {                            \
    std::uint64_t rd_value;                                    \
    asm volatile("mrs %0, " #name : "=r"(rd_value)::"memory"); \
    return rd_value;                                           \
  }())

// Variadic, so that the value may contain template arguments.
#define RD_WRITE_SYSREG(name, ...)                                  \
  do {                                                              \
    const std::uint64_t rd_value = (__VA_ARGS__);                   \
    asm volatile("msr " #name ", %x0" ::"rZ"(rd_value) : "memory"); \
  } while (false)

namespace redoubt::arm64 {

// PSTATE.I, and what DAIF was before.
inline auto mask_irqs() noexcept -> std::uint64_t {
  const std::uint64_t daif = RD_READ_SYSREG(DAIF);
  asm volatile("msr DAIFSet, #2" ::: "memory");
  return daif;
}
inline void unmask_irqs() noexcept { asm volatile("msr DAIFClr, #2" ::: "memory"); }
inline void restore_daif(std::uint64_t daif) noexcept { RD_WRITE_SYSREG(DAIF, daif); }

}  // namespace redoubt::arm64
