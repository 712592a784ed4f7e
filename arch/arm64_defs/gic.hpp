// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// GICv3 register offsets and fields (Arm IHI 0069H chapter 12). Declarations about the machine; nothing here touches
// it.
#pragma once

#include <cstdint>

#include "base/bits.hpp"

namespace redoubt::arm64 {

inline constexpr std::uint32_t kGicFirstPpi = 16;         // INTID 0-15 are SGIs
inline constexpr std::uint32_t kGicFirstSpi = 32;         // INTID 16-31 are PPIs
inline constexpr std::uint32_t kGicFirstSpecial = 1020;   // INTID 32-1019 are SPIs, 1020-1023 special
inline constexpr std::uint32_t kGicVirtualTimerPpi = 27;  // Server Base System Architecture and every Linux device tree
inline constexpr std::uint32_t kGicMaintenancePpi = 25;
inline constexpr std::uint64_t kGicFrameSize = 0x10000;  // GICD, GICR RD_base and GICR SGI_base are 64 KiB each
inline constexpr unsigned kGicMaxLrs = 16;

// Distributor frame, 12.8 and 12.9.
inline constexpr std::uint64_t GICD_CTLR = 0x0000;
inline constexpr std::uint64_t GICD_TYPER = 0x0004;
inline constexpr std::uint64_t GICD_IIDR = 0x0008;
inline constexpr std::uint64_t GICD_IGROUPR = 0x0080;
inline constexpr std::uint64_t GICD_ISENABLER = 0x0100;
inline constexpr std::uint64_t GICD_ICENABLER = 0x0180;
inline constexpr std::uint64_t GICD_ISPENDR = 0x0200;
inline constexpr std::uint64_t GICD_ICPENDR = 0x0280;
inline constexpr std::uint64_t GICD_ISACTIVER = 0x0300;
inline constexpr std::uint64_t GICD_ICACTIVER = 0x0380;
inline constexpr std::uint64_t GICD_IPRIORITYR = 0x0400;
inline constexpr std::uint64_t GICD_ICFGR = 0x0c00;
inline constexpr std::uint64_t GICD_IGRPMODR = 0x0d00;
inline constexpr std::uint64_t GICD_IROUTER = 0x6000;
inline constexpr std::uint64_t GICD_IROUTER_END = 0x8000;

// Identification registers: the same place in GICD and in GICR RD_base, 12.1.
inline constexpr std::uint64_t GIC_PIDR4 = 0xffd0;
inline constexpr std::uint64_t GIC_PIDR2 = 0xffe8;

// Redistributor, RD_base frame, 12.11.
inline constexpr std::uint64_t GICR_CTLR = 0x0000;
inline constexpr std::uint64_t GICR_IIDR = 0x0004;
inline constexpr std::uint64_t GICR_TYPER = 0x0008;
inline constexpr std::uint64_t GICR_STATUSR = 0x0010;
inline constexpr std::uint64_t GICR_WAKER = 0x0014;
inline constexpr std::uint64_t GICR_PROPBASER = 0x0070;
inline constexpr std::uint64_t GICR_PENDBASER = 0x0078;

// Redistributor, SGI_base frame, as offsets from RD_base.
inline constexpr std::uint64_t GICR_SGI_BASE = kGicFrameSize;
inline constexpr std::uint64_t GICR_IGROUPR0 = GICR_SGI_BASE + 0x0080;
inline constexpr std::uint64_t GICR_ISENABLER0 = GICR_SGI_BASE + 0x0100;
inline constexpr std::uint64_t GICR_ICENABLER0 = GICR_SGI_BASE + 0x0180;
inline constexpr std::uint64_t GICR_ISPENDR0 = GICR_SGI_BASE + 0x0200;
inline constexpr std::uint64_t GICR_ICPENDR0 = GICR_SGI_BASE + 0x0280;
inline constexpr std::uint64_t GICR_ISACTIVER0 = GICR_SGI_BASE + 0x0300;
inline constexpr std::uint64_t GICR_ICACTIVER0 = GICR_SGI_BASE + 0x0380;
inline constexpr std::uint64_t GICR_IPRIORITYR = GICR_SGI_BASE + 0x0400;
inline constexpr std::uint64_t GICR_ICFGR0 = GICR_SGI_BASE + 0x0c00;
inline constexpr std::uint64_t GICR_ICFGR1 = GICR_SGI_BASE + 0x0c04;

// GICD_CTLR with a single security state (DS = 1), 12.9.4.
struct GicdCtlr {
  using EnableGrp0 = Field<0>;
  using EnableGrp1 = Field<1>;
  using ARE = Field<4>;
  using DS = Field<6>;
  using RWP = Field<31>;
};

struct GicdTyper {
  using ITLinesNumber = Field<0, 5>;  // 32 * (N + 1) INTIDs
  using IDbits = Field<19, 5>;        // INTID bits - 1
  using A3V = Field<24>;
};

struct GicrTyper {
  using PLPIS = Field<0>;
  using Last = Field<4>;
  using ProcessorNumber = Field<8, 16>;
  using AffinityValue = Field<32, 32>;
};

struct GicrWaker {
  using ProcessorSleep = Field<1>;
  using ChildrenAsleep = Field<2>;
};

struct GicIrouter {
  using Affinity = Field<0, 24>;  // Aff2.Aff1.Aff0
  using IRM = Field<31>;          // 1: any participating PE
};

// ICC_SGI0R_EL1, ICC_SGI1R_EL1, ICC_ASGI1R_EL1, 12.2.
struct IccSgiR {
  using TargetList = Field<0, 16>;
  using Aff1 = Field<16, 8>;
  using INTID = Field<24, 4>;
  using Aff2 = Field<32, 8>;
  using IRM = Field<40>;
  using RS = Field<44, 4>;
  using Aff3 = Field<48, 8>;
};

// ICH_LR<n>_EL2, 12.4.8.
struct IchLr {
  using VINTID = Field<0, 32>;
  using PINTID = Field<32, 13>;  // HW = 1
  using EOI = Field<41>;         // HW = 0: maintenance interrupt when the state becomes inactive
  using Priority = Field<48, 8>;
  using Group = Field<60>;
  using HW = Field<61>;
  using Pending = Field<62>;
  using Active = Field<63>;
};

// ICH_HCR_EL2, 12.4.5.
struct IchHcr {
  using En = Field<0>;
  using UIE = Field<1>;      // underflow: at most one list register is valid
  using LRENPIE = Field<2>;  // EOIcount is not zero
  using NPIE = Field<3>;     // no list register is pending
  using EOIcount = Field<27, 5>;
};

// ICH_VTR_EL2, 12.4.10.
struct IchVtr {
  using ListRegs = Field<0, 5>;  // number - 1
  using IDbits = Field<23, 3>;
  using PREbits = Field<26, 3>;  // number - 1
  using PRIbits = Field<29, 3>;  // number - 1
};

// ICH_VMCR_EL2, 12.4.9.
struct IchVmcr {
  using VENG0 = Field<0>;
  using VENG1 = Field<1>;
  using VBPR1 = Field<18, 3>;
  using VBPR0 = Field<21, 3>;
  using VPMR = Field<24, 8>;
};

// ICH_MISR_EL2, 12.4.7.

}  // namespace redoubt::arm64
