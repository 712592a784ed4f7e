// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// SMMUv3: registers, stream table entries, commands and events (Arm IHI 0070F chapters 3 to 7). Declarations about the
// machine; nothing here touches it.
#pragma once

#include <cstdint>

#include "base/bits.hpp"

namespace redoubt::arm64::smmu {

// Registers, chapter 6. Page 0, then page 1 with the event queue's indices.
inline constexpr std::uint64_t kPage1 = 0x10000;
inline constexpr std::uint64_t IDR0 = 0x00;
inline constexpr std::uint64_t IDR1 = 0x04;
inline constexpr std::uint64_t IDR3 = 0x0c;
inline constexpr std::uint64_t IDR5 = 0x14;
inline constexpr std::uint64_t CR0 = 0x20;
inline constexpr std::uint64_t CR0ACK = 0x24;
inline constexpr std::uint64_t CR1 = 0x28;
inline constexpr std::uint64_t CR2 = 0x2c;
inline constexpr std::uint64_t GBPA = 0x44;
inline constexpr std::uint64_t IRQ_CTRL = 0x50;
inline constexpr std::uint64_t STRTAB_BASE = 0x80;
inline constexpr std::uint64_t STRTAB_BASE_CFG = 0x88;
inline constexpr std::uint64_t CMDQ_BASE = 0x90;
inline constexpr std::uint64_t CMDQ_PROD = 0x98;
inline constexpr std::uint64_t CMDQ_CONS = 0x9c;
inline constexpr std::uint64_t EVENTQ_BASE = 0xa0;
inline constexpr std::uint64_t EVENTQ_PROD = kPage1 + 0xa8;
inline constexpr std::uint64_t EVENTQ_CONS = kPage1 + 0xac;

struct Idr0 {
  using S2P = Field<0>;
  using TTF = Field<2, 2>;  // bit 1: AArch64 tables
  using COHACC = Field<4>;
  using ST_LEVEL = Field<27, 2>;  // 1: two-level stream tables
};
struct Idr1 {
  using SIDSIZE = Field<0, 6>;
  using REL = Field<28>;
  using QUEUES_PRESET = Field<29>;
  using TABLES_PRESET = Field<30>;
};
struct Idr3 {
  using FWB = Field<8>;
};
struct Idr5 {
  using OAS = Field<0, 3>;
  using GRAN4K = Field<4>;
};

inline constexpr std::uint32_t kCr0Enable = 1 | 1 << 2 | 1 << 3;  // SMMUEN, EVENTQEN, CMDQEN
inline constexpr std::uint32_t kCr0Queues = 1 << 2 | 1 << 3;
// Tables and queues: inner shareable, write-back.
inline constexpr std::uint32_t kCr1WriteBack = 3 << 10 | 1 << 8 | 1 << 6 | 3 << 4 | 1 << 2 | 1;
// RECINVSID: unknown streams are reported. PTM: only commands invalidate, no broadcast TLBI.
inline constexpr std::uint32_t kCr2 = 1 << 1 | 1 << 2;
inline constexpr std::uint32_t kGbpaAbort = std::uint32_t{1} << 20;
inline constexpr std::uint32_t kGbpaUpdate = std::uint32_t{1} << 31;

// A two-level stream table of 256 streams for each first-level descriptor (5.1, 5.2).
inline constexpr unsigned kSplit = 8;
inline constexpr std::uint64_t kTwoLevel = 1 << 16;
inline constexpr std::uint64_t kReadAllocate = std::uint64_t{1} << 62;
inline constexpr std::uint64_t kAddressMask = bit_mask(5, 47);
inline constexpr std::uint64_t kSpanOfSplit = kSplit + 1;

struct Ste0 {
  using V = Field<0>;
  using Config = Field<1, 3>;
};
inline constexpr std::uint64_t kStage2Only = 6;
struct Ste1 {
  using S2FWB = Field<25>;
  using SHCFG = Field<44, 2>;  // 1: the shareability of the transaction
};
struct Ste2 {
  using S2VMID = Field<0, 16>;
  using S2VTCR = Field<32, 19>;  // VTCR_EL2[18:0]
  using S2AA64 = Field<51>;
  using S2PTW = Field<54>;
  using S2R = Field<58>;  // faults are recorded
};

// Commands, chapter 4: the low byte of the first word.
inline constexpr std::uint64_t kCfgiAll = 0x04;
inline constexpr std::uint64_t kCfgiAllRange = 31;
inline constexpr std::uint64_t kTlbiS12Vmall = 0x28;
inline constexpr std::uint64_t kTlbiS2Ipa = 0x2a;
inline constexpr std::uint64_t kTlbiNsnhAll = 0x30;
inline constexpr std::uint64_t kSync = 0x46;

inline constexpr std::uint64_t kCommandBytes = 16;
inline constexpr std::uint64_t kEventBytes = 32;

}  // namespace redoubt::arm64::smmu
