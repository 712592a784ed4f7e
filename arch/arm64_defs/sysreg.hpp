// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// The name of an A64 system register as a number: op0:op1:CRn:CRm:op2 (Arm ARM C5.3), and the registers that are named
// this way because a trap reports them or an assembler may not know them.
#pragma once

#include <cstdint>

#include "arch/arm64_defs/esr.hpp"

namespace redoubt::arm64 {

struct SysregId {
  std::uint16_t value;
  constexpr auto operator==(const SysregId&) const noexcept -> bool = default;
};

[[nodiscard]] constexpr auto sysreg(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2) noexcept
    -> SysregId {
  return SysregId{static_cast<std::uint16_t>((op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2)};
}

// The register named by the ISS of a trapped access.
[[nodiscard]] constexpr auto sysreg_of_iss(std::uint64_t iss) noexcept -> SysregId {
  return sysreg(static_cast<unsigned>(sysreg_iss::OP0::of(iss)), static_cast<unsigned>(sysreg_iss::OP1::of(iss)),
                static_cast<unsigned>(sysreg_iss::CRN::of(iss)), static_cast<unsigned>(sysreg_iss::CRM::of(iss)),
                static_cast<unsigned>(sysreg_iss::OP2::of(iss)));
}

// The ID space trapped by HCR_EL2.TID3: op0 3, op1 0, CRn 0, CRm 1..7. CRm 0 holds MIDR/MPIDR/REVIDR.
[[nodiscard]] constexpr auto is_id_register(SysregId id) noexcept -> bool {
  return (id.value >> 7) == (sysreg(3, 0, 0, 0, 0).value >> 7) && ((id.value >> 3) & 0xf) != 0 &&
         ((id.value >> 3) & 0xf) <= 7;
}

inline constexpr SysregId kIdAa64Pfr0{sysreg(3, 0, 0, 4, 0)};
inline constexpr SysregId kIdAa64Pfr1{sysreg(3, 0, 0, 4, 1)};
inline constexpr SysregId kIdAa64Pfr2{sysreg(3, 0, 0, 4, 2)};
inline constexpr SysregId kIdAa64Zfr0{sysreg(3, 0, 0, 4, 4)};
inline constexpr SysregId kIdAa64Smfr0{sysreg(3, 0, 0, 4, 5)};
inline constexpr SysregId kIdAa64Fpfr0{sysreg(3, 0, 0, 4, 7)};
inline constexpr SysregId kIdAa64Dfr0{sysreg(3, 0, 0, 5, 0)};
inline constexpr SysregId kIdAa64Dfr1{sysreg(3, 0, 0, 5, 1)};
inline constexpr SysregId kIdAa64Isar0{sysreg(3, 0, 0, 6, 0)};
inline constexpr SysregId kIdAa64Isar1{sysreg(3, 0, 0, 6, 1)};
inline constexpr SysregId kIdAa64Isar2{sysreg(3, 0, 0, 6, 2)};
inline constexpr SysregId kIdAa64Isar3{sysreg(3, 0, 0, 6, 3)};
inline constexpr SysregId kIdAa64Mmfr0{sysreg(3, 0, 0, 7, 0)};
inline constexpr SysregId kIdAa64Mmfr1{sysreg(3, 0, 0, 7, 1)};
inline constexpr SysregId kIdAa64Mmfr2{sysreg(3, 0, 0, 7, 2)};
inline constexpr SysregId kIdAa64Mmfr3{sysreg(3, 0, 0, 7, 3)};
inline constexpr SysregId kIdAa64Mmfr4{sysreg(3, 0, 0, 7, 4)};

inline constexpr SysregId kIccSgi1r{sysreg(3, 0, 12, 11, 5)};
inline constexpr SysregId kIccAsgi1r{sysreg(3, 0, 12, 11, 6)};
inline constexpr SysregId kIccSgi0r{sysreg(3, 0, 12, 11, 7)};
inline constexpr SysregId kIccSre{sysreg(3, 0, 12, 12, 5)};

static_assert(sysreg(3, 0, 12, 11, 5).value == 0xc65d);
static_assert(is_id_register(kIdAa64Pfr0) && !is_id_register(sysreg(3, 0, 0, 0, 5)));

}  // namespace redoubt::arm64
