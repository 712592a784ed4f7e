// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "kvm/one_reg.hpp"

#include <array>

#include "abi/reg.h"
#include "base/bits.hpp"

namespace redoubt::kvm {
namespace {

using SizeLog2 = Field<52, 4>;
using Coproc = Field<16, 12>;
using Payload = Field<0, 16>;

constexpr std::uint64_t kArm64 = std::uint64_t{0x6000} << 48U;  // KVM_REG_ARM64
constexpr std::uint64_t kCore = 0x10;
constexpr std::uint64_t kSysreg = 0x13;
constexpr std::uint64_t kFirmware = 0x14;
constexpr std::uint64_t kFirmwareBitmap = 0x16;

// Word offsets in struct kvm_regs (uapi asm/kvm.h).
constexpr std::uint32_t kCoreSp = 62;
constexpr std::uint32_t kCorePc = 64;
constexpr std::uint32_t kCorePstate = 66;
constexpr std::uint32_t kCoreSpEl1 = 68;
constexpr std::uint32_t kCoreElrEl1 = 70;
constexpr std::uint32_t kCoreSpsr = 72;  // EL1, then four banks of AArch32
constexpr std::uint32_t kCoreSpsrEnd = 82;
constexpr std::uint32_t kCoreV0 = 84;
constexpr std::uint32_t kCoreFpsr = 212;
constexpr std::uint32_t kCoreFpcr = 213;

constexpr std::uint64_t kPsciVersion1_1 = 0x10001;
constexpr std::uint32_t kFirmwareRegs = 4;  // PSCI_VERSION, SMCCC_ARCH_WORKAROUND_1..3
constexpr std::uint32_t kBitmapRegs = 4;

constexpr auto make_id(std::uint64_t coproc, std::uint32_t size_log2, std::uint32_t payload) noexcept -> KvmRegId {
  return kArm64 | SizeLog2::make(size_log2) | Coproc::make(coproc) | payload;
}

constexpr auto el2(std::uint32_t reg, std::uint32_t bytes = 8, bool read_only = false) noexcept -> rk_reg {
  return rk_reg{.kind = RK_REG_EL2, .bytes = bytes, .rd_reg = reg, .read_only = read_only ? 1U : 0U, .constant = 0};
}

constexpr auto constant(std::uint64_t value) noexcept -> rk_reg {
  return rk_reg{.kind = RK_REG_CONSTANT, .bytes = 8, .rd_reg = 0, .read_only = 1, .constant = value};
}

auto core_register(std::uint32_t word) noexcept -> KvmResult<rk_reg> {
  if (word >= kCoreV0 && word < kCoreFpsr) {
    if ((word - kCoreV0) % 4 != 0) return KvmError{Errno::kNoEnt};
    return el2(RD_REG_V0 + (word - kCoreV0) / 4, 16);
  }
  if (word == kCoreFpsr) return el2(RD_REG_FPSR, 4);
  if (word == kCoreFpcr) return el2(RD_REG_FPCR, 4);
  if (word % 2 != 0) return KvmError{Errno::kNoEnt};
  if (word < kCoreSp) return el2(RD_REG_X0 + word / 2);
  switch (word) {
    case kCoreSp: return el2(RD_REG_SP_EL0);
    case kCorePc: return el2(RD_REG_PC);
    case kCorePstate: return el2(RD_REG_PSTATE);
    case kCoreSpEl1: return el2(RD_REG_SP_EL1);
    case kCoreElrEl1: return el2(RD_REG_ELR_EL1);
    case kCoreSpsr: return el2(RD_REG_SPSR_EL1);
    default: break;
  }
  if (word > kCoreSpsr && word < kCoreSpsrEnd) return constant(0);  // no AArch32 guests
  return KvmError{Errno::kNoEnt};
}

// ID registers: op0 = 3, op1 = 0, CRn = 0. CLIDR, CCSIDR, AIDR: op1 = 1. CTR, DCZID: op1 = 3.
constexpr auto identification(std::uint32_t reg) noexcept -> bool {
  const std::uint32_t op1 = (reg >> 11U) & 7U;
  return (reg >> 14U) == 3 && ((reg >> 7U) & 15U) == 0 && (op1 == 0 || op1 == 1 || op1 == 3);
}

auto system_register(std::uint32_t reg) noexcept -> rk_reg {
  switch (reg) {
    // The API has the encodings of CVAL and CNT swapped (api.rst 4.68, KVM_REG_ARM_TIMER_*).
    case RD_REG_SYS(3, 3, 14, 3, 1): return el2(RD_REG_CNTV_CTL);
    case RD_REG_SYS(3, 3, 14, 0, 2): return el2(RD_REG_CNTV_CVAL);
    case RD_REG_SYS(3, 3, 14, 3, 2): return el2(RD_REG_CNTVCT);
    default: return el2(reg, 8, identification(reg));
  }
}

auto by_coprocessor(KvmRegId id) noexcept -> KvmResult<rk_reg> {
  const auto payload = static_cast<std::uint32_t>(Payload::of(id));
  switch (Coproc::of(id)) {
    case kCore: return core_register(payload);
    case kSysreg: return system_register(payload);
    case kFirmware:
      if (payload >= kFirmwareRegs) return KvmError{Errno::kNoEnt};
      return constant(payload == 0 ? kPsciVersion1_1 : 0);
    case kFirmwareBitmap:
      if (payload >= kBitmapRegs) return KvmError{Errno::kNoEnt};
      return constant(0);
    default: return KvmError{Errno::kNoEnt};
  }
}

constexpr std::uint32_t kIdRegs = 56;  // CRm 1..7, op2 0..7

// Registers of a guest that are neither core nor identification, in the order of their encoding.
constexpr auto kSystemList = std::to_array<std::uint32_t>({
    RD_REG_SYS(2, 0, 0, 2, 2),   // MDSCR_EL1
    RD_REG_SYS(3, 0, 0, 0, 0),   // MIDR_EL1
    RD_REG_SYS(3, 0, 0, 0, 5),   // MPIDR_EL1
    RD_REG_SYS(3, 0, 0, 0, 6),   // REVIDR_EL1
    RD_REG_SYS(3, 0, 1, 0, 0),   // SCTLR_EL1
    RD_REG_SYS(3, 0, 1, 0, 1),   // ACTLR_EL1
    RD_REG_SYS(3, 0, 1, 0, 2),   // CPACR_EL1
    RD_REG_SYS(3, 0, 2, 0, 0),   // TTBR0_EL1
    RD_REG_SYS(3, 0, 2, 0, 1),   // TTBR1_EL1
    RD_REG_SYS(3, 0, 2, 0, 2),   // TCR_EL1
    RD_REG_SYS(3, 0, 5, 1, 0),   // AFSR0_EL1
    RD_REG_SYS(3, 0, 5, 1, 1),   // AFSR1_EL1
    RD_REG_SYS(3, 0, 5, 2, 0),   // ESR_EL1
    RD_REG_SYS(3, 0, 6, 0, 0),   // FAR_EL1
    RD_REG_SYS(3, 0, 7, 4, 0),   // PAR_EL1
    RD_REG_SYS(3, 0, 10, 2, 0),  // MAIR_EL1
    RD_REG_SYS(3, 0, 10, 3, 0),  // AMAIR_EL1
    RD_REG_SYS(3, 0, 12, 0, 0),  // VBAR_EL1
    RD_REG_SYS(3, 0, 13, 0, 1),  // CONTEXTIDR_EL1
    RD_REG_SYS(3, 0, 13, 0, 4),  // TPIDR_EL1
    RD_REG_SYS(3, 0, 14, 1, 0),  // CNTKCTL_EL1
    RD_REG_SYS(3, 1, 0, 0, 1),   // CLIDR_EL1
    RD_REG_SYS(3, 1, 0, 0, 7),   // AIDR_EL1
    RD_REG_SYS(3, 2, 0, 0, 0),   // CSSELR_EL1
    RD_REG_SYS(3, 3, 0, 0, 1),   // CTR_EL0
    RD_REG_SYS(3, 3, 13, 0, 2),  // TPIDR_EL0
    RD_REG_SYS(3, 3, 13, 0, 3),  // TPIDRRO_EL0
    RD_REG_SYS(3, 3, 14, 0, 2),  // KVM_REG_ARM_TIMER_CVAL
    RD_REG_SYS(3, 3, 14, 3, 1),  // KVM_REG_ARM_TIMER_CTL
    RD_REG_SYS(3, 3, 14, 3, 2),  // KVM_REG_ARM_TIMER_CNT
});

constexpr std::size_t kCoreWords = kCoreSpsrEnd / 2;  // the 64-bit part: x0..x30, sp, pc, pstate, EL1 state
constexpr std::size_t kCoreRegs = kCoreWords + 32 + 2;

constexpr auto core_id(std::size_t index) noexcept -> KvmRegId {
  const auto i = static_cast<std::uint32_t>(index);
  if (i < kCoreWords) return make_id(kCore, 3, i * 2);
  if (i < kCoreWords + 32) return make_id(kCore, 4, kCoreV0 + (i - static_cast<std::uint32_t>(kCoreWords)) * 4);
  return make_id(kCore, 2, i == kCoreWords + 32 ? kCoreFpsr : kCoreFpcr);
}

}  // namespace

auto lookup_register(KvmRegId id) noexcept -> KvmResult<rk_reg> {
  if ((id & ~(SizeLog2::kMask | Coproc::kMask | Payload::kMask)) != kArm64) return KvmError{Errno::kNoEnt};
  const auto found = by_coprocessor(id);
  if (found && (std::uint64_t{1} << SizeLog2::of(id)) != found->bytes) return KvmError{Errno::kNoEnt};
  return found;
}

auto register_count() noexcept -> std::size_t {
  return kCoreRegs + kFirmwareRegs + kBitmapRegs + kSystemList.size() + kIdRegs;
}

auto register_at(std::size_t index) noexcept -> KvmRegId {
  if (index < kCoreRegs) return core_id(index);
  index -= kCoreRegs;
  if (index < kFirmwareRegs) return make_id(kFirmware, 3, static_cast<std::uint32_t>(index));
  index -= kFirmwareRegs;
  if (index < kBitmapRegs) return make_id(kFirmwareBitmap, 3, static_cast<std::uint32_t>(index));
  index -= kBitmapRegs;
  if (index < kSystemList.size()) return make_id(kSysreg, 3, kSystemList[index]);
  index -= kSystemList.size();
  return make_id(kSysreg, 3, RD_REG_SYS(3U, 0U, 0U, 1U, 0U) + static_cast<std::uint32_t>(index));
}

}  // namespace redoubt::kvm
