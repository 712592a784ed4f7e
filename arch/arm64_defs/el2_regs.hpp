// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Bits of the EL2 control registers Redoubt programs (Arm ARM D19.2). One bit a line, with what it does when 1.
#pragma once

#include <cstdint>

#include "base/bits.hpp"

namespace redoubt::arm64 {

namespace hcr {                                    // HCR_EL2
inline constexpr std::uint64_t kVm = bit(0);       // stage 2 translation for EL1&0
inline constexpr std::uint64_t kSwio = bit(1);     // set/way invalidate also cleans
inline constexpr std::uint64_t kPtw = bit(2);      // stage-1 walk that hits Device memory faults
inline constexpr std::uint64_t kFmo = bit(3);      // FIQ to EL2, virtual FIQ enabled
inline constexpr std::uint64_t kImo = bit(4);      // IRQ to EL2, virtual IRQ enabled; traps ICC_SGI*R
inline constexpr std::uint64_t kAmo = bit(5);      // SError to EL2
inline constexpr std::uint64_t kFb = bit(9);       // local TLBI/IC become broadcast
inline constexpr std::uint64_t kBsuIs = bit(10);   // barriers at least inner shareable
inline constexpr std::uint64_t kTwi = bit(13);     // trap WFI
inline constexpr std::uint64_t kTid1 = bit(16);    // trap REVIDR, AIDR, SMIDR
inline constexpr std::uint64_t kTid3 = bit(18);    // trap the feature ID registers
inline constexpr std::uint64_t kTsc = bit(19);     // trap SMC
inline constexpr std::uint64_t kTidcp = bit(20);   // trap IMPLEMENTATION DEFINED registers
inline constexpr std::uint64_t kTacr = bit(21);    // trap ACTLR_EL1
inline constexpr std::uint64_t kTsw = bit(22);     // trap set/way cache maintenance
inline constexpr std::uint64_t kRw = bit(31);      // EL1 is AArch64
inline constexpr std::uint64_t kTlor = bit(35);    // trap the LORegion registers
inline constexpr std::uint64_t kTerr = bit(36);    // trap the RAS error record registers
inline constexpr std::uint64_t kTea = bit(37);     // synchronous external aborts to EL2
inline constexpr std::uint64_t kApk = bit(40);     // do not trap pointer-authentication keys
inline constexpr std::uint64_t kApi = bit(41);     // do not trap pointer-authentication instructions
inline constexpr std::uint64_t kFwb = bit(46);     // stage 2 forces write-back
inline constexpr std::uint64_t kEnScxt = bit(53);  // do not trap SCXTNUM_ELx
inline constexpr std::uint64_t kAta = bit(56);     // MTE: EL1 may access allocation tags
inline constexpr std::uint64_t kTid5 = bit(58);    // trap GMID_EL1
}  // namespace hcr

namespace cptr {                                // CPTR_EL2, E2H = 0 layout
inline constexpr std::uint64_t kRes1 = 0x32ff;  // bits 0-7, 9, 12, 13; TZ (8) and TSM (12) are handled apart
inline constexpr std::uint64_t kTz = bit(8);    // trap SVE
inline constexpr std::uint64_t kTfp = bit(10);  // trap FP and Advanced SIMD
inline constexpr std::uint64_t kTsm = bit(12);  // trap SME
inline constexpr std::uint64_t kTta = bit(20);  // trap trace registers
inline constexpr std::uint64_t kTam = bit(30);  // trap activity monitors
}  // namespace cptr

namespace mdcr {                                        // MDCR_EL2
inline constexpr std::uint64_t kHpmn = bit_mask(0, 5);  // counters EL1 may use
inline constexpr std::uint64_t kTpmcr = bit(5);         // trap PMCR
inline constexpr std::uint64_t kTpm = bit(6);           // trap all PMU registers
inline constexpr std::uint64_t kTda = bit(9);           // trap debug registers
inline constexpr std::uint64_t kTdosa = bit(10);        // trap OS lock registers
inline constexpr std::uint64_t kTdra = bit(11);         // trap debug ROM registers
inline constexpr std::uint64_t kE2pb =
    bit_mask(12, 2);                             // statistical profiling buffer: 0 = EL2 owns, 3 = EL1, untrapped
inline constexpr std::uint64_t kTpms = bit(14);  // trap statistical profiling controls
inline constexpr std::uint64_t kHpmd = bit(17);  // no event counting at EL2
inline constexpr std::uint64_t kTtrf = bit(19);  // trap trace filter controls
inline constexpr std::uint64_t kHccd = bit(23);  // no cycle counting at EL2
inline constexpr std::uint64_t kE2tb = bit_mask(24, 2);  // trace buffer: as E2PB
}  // namespace mdcr

namespace mpam2 {  // MPAM2_EL2; PARTID and PMG 0: EL2 runs in the default partition
inline constexpr std::uint64_t kTrapMpam1El1 = bit(48);
inline constexpr std::uint64_t kTrapMpam0El1 = bit(49);
inline constexpr std::uint64_t kEnMpamsm = bit(50);  // do not trap MPAMSM_EL1
}  // namespace mpam2

namespace sctlr_el2 {
inline constexpr std::uint64_t kRes1 = 0x30c50830;
}  // namespace sctlr_el2

namespace cnthctl {                                 // CNTHCTL_EL2, E2H = 0 layout
inline constexpr std::uint64_t kEl1pcten = bit(0);  // EL1 may read the physical counter
inline constexpr std::uint64_t kEl1pcen = bit(1);   // EL1 may use the physical timer
}  // namespace cnthctl

namespace pstate {
inline constexpr std::uint64_t kEl1h = 0x5;
inline constexpr std::uint64_t kModeMask = 0x1f;
inline constexpr std::uint64_t kDaif = bit_mask(6, 4);
inline constexpr std::uint64_t kSsbs = bit(12);
inline constexpr std::uint64_t kPan = bit(22);
inline constexpr std::uint64_t kDit = bit(24);
inline constexpr std::uint64_t kNzcv = bit_mask(28, 4);
}  // namespace pstate

}  // namespace redoubt::arm64
