// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// ESR_ELx: exception classes and syndromes (Arm ARM D24.2.40, D24.2.41).
#pragma once

#include <cstdint>

#include "base/bits.hpp"

namespace redoubt::arm64 {

namespace esr {
using ISS = Field<0, 25>;
using IL = Field<25>;
using EC = Field<26, 6>;
using ISS2 = Field<32, 24>;
using IMM16 = Field<0, 16>;  // HVC, SMC, SVC, BRK
}  // namespace esr

enum class ExceptionClass : std::uint8_t {
  UNKNOWN = 0x00,
  WFX = 0x01,
  FP_ASIMD = 0x07,
  PAUTH = 0x09,
  LS64 = 0x0a,
  BTI = 0x0d,
  SMC32 = 0x13,
  HVC64 = 0x16,
  SMC64 = 0x17,
  SYSREG = 0x18,
  SVE = 0x19,
  ERET = 0x1a,
  SME = 0x1d,
  INSTRUCTION_ABORT_LOWER = 0x20,
  INSTRUCTION_ABORT_SAME = 0x21,
  DATA_ABORT_LOWER = 0x24,
  DATA_ABORT_SAME = 0x25,
  MOPS = 0x27,
  GCS = 0x2d,
};

[[nodiscard]] constexpr auto exception_class(std::uint64_t syndrome) noexcept -> ExceptionClass {
  return static_cast<ExceptionClass>(esr::EC::of(syndrome));
}

// A syndrome with IL = 1 (a 32-bit instruction), as injected into a lower level.
[[nodiscard]] constexpr auto make_syndrome(ExceptionClass ec, std::uint64_t iss) noexcept -> std::uint64_t {
  return esr::EC::make(static_cast<std::uint64_t>(ec)) | esr::IL::make(1) | esr::ISS::make(iss);
}

// ISS of instruction and data aborts. Fields from SAS up are meaningful only when ISV is 1.
namespace abort_iss {
using FSC = Field<0, 6>;  // IFSC or DFSC
using WNR = Field<6>;     // 1: write
using S1PTW = Field<7>;   // stage-2 fault on a stage-1 walk
using SET = Field<11, 2>;
using SF = Field<15>;      // 64-bit register
using SRT = Field<16, 5>;  // transfer register
using SSE = Field<21>;     // sign-extend
using SAS = Field<22, 2>;  // log2 of the access size in bytes
using ISV = Field<24>;
}  // namespace abort_iss

// Fault status codes; the low two bits of the first four carry the level.
namespace fsc {
inline constexpr std::uint64_t kTranslation = 0x04;
inline constexpr std::uint64_t kAccessFlag = 0x08;
inline constexpr std::uint64_t kPermission = 0x0c;
inline constexpr std::uint64_t kSynchronousExternal = 0x10;
inline constexpr std::uint64_t kAlignment = 0x21;
inline constexpr std::uint64_t kKindMask = 0x3c;  // drops the level
[[nodiscard]] constexpr auto kind(std::uint64_t code) noexcept -> std::uint64_t { return code & kKindMask; }
}  // namespace fsc

// ISS of a trapped MRS/MSR/SYS (EC SYSREG).
namespace sysreg_iss {
using READ = Field<0>;  // 1: MRS
using CRM = Field<1, 4>;
using RT = Field<5, 5>;
using CRN = Field<10, 4>;
using OP1 = Field<14, 3>;
using OP2 = Field<17, 3>;
using OP0 = Field<20, 2>;
}  // namespace sysreg_iss

// ISS of a trapped WFI/WFE (EC WFX).
namespace wfx_iss {
using TI = Field<0, 2>;  // 0 WFI, 1 WFE, 2 WFIT, 3 WFET
}  // namespace wfx_iss

// HPFAR_EL2: IPA[51:12] of a stage-2 fault.
namespace hpfar {
using FIPA = Field<4, 40>;
}  // namespace hpfar

}  // namespace redoubt::arm64
