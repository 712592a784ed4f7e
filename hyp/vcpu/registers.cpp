// SPDX-License-Identifier: Apache-2.0
#include "hyp/vcpu/registers.hpp"

#include "abi/reg.h"
#include "arch/arm64/common/sysreg_access.hpp"
#include "arch/arm64_defs/el2_regs.hpp"
#include "hyp/cpu/id_registers.hpp"

namespace redoubt::hyp {
namespace {

using arm64::sysreg;

constexpr std::uint64_t kMpidr = sysreg(3, 0, 0, 0, 5).value;

// Storage of a 64-bit register, null if it has none.
auto storage(Vcpu& vcpu, std::uint64_t id) noexcept -> std::uint64_t* {
  auto& context = vcpu.context;
  auto& el1 = context.el1;
  if (id >= RD_REG_X0 && id <= RD_REG_X0 + 30) return &context.x[id - RD_REG_X0];
  switch (id) {
    case RD_REG_PC: return &context.pc;
    case RD_REG_PSTATE: return &context.pstate;
    case RD_REG_FPSR: return &vcpu.fp.fpsr;
    case RD_REG_FPCR: return &vcpu.fp.fpcr;
    case RD_REG_CNTV_CTL: return &vcpu.cntv_ctl;
    case RD_REG_CNTV_CVAL: return &vcpu.cntv_cval;
    case RD_REG_SYS(3, 0, 1, 0, 0): return &el1.sctlr;
    case RD_REG_SYS(3, 0, 2, 0, 2): return &el1.tcr;
#define RD_EL1_REGISTER(member, register, number) \
  case number: return &el1.member;
#include "hyp/vcpu/el1_state.def"
    default: return nullptr;
  }
}

auto boot_register(std::uint64_t id) noexcept -> bool {
  return (id >= RD_REG_X0 && id <= RD_REG_X0 + 7) || id == RD_REG_PC || id == RD_REG_PSTATE;
}

auto vector_register(std::uint64_t id) noexcept -> bool { return id >= RD_REG_V0 && id <= RD_REG_V0 + 31; }

// What an exception return may install: AArch64, EL0 or EL1, no illegal-state or step bits.
auto valid_pstate(std::uint64_t value) noexcept -> bool {
  const auto mode = value & arm64::pstate::kModeMask;
  constexpr std::uint64_t kAllowed = arm64::pstate::kModeMask | arm64::pstate::kDaif | arm64::pstate::kNzcv |
                                     arm64::pstate::kPan | arm64::pstate::kDit | arm64::pstate::kSsbs | bit(23) |
                                     bit_mask(10, 2);
  return (mode == 0 || mode == 4 || mode == 5) && (value & ~kAllowed) == 0;
}

// Registers that have a value but no storage.
auto computed(const Vcpu& vcpu, std::uint64_t id) noexcept -> std::optional<std::uint64_t> {
  if (id == kMpidr) return vcpu.mpidr;
  if (id == RD_REG_CNTVCT) return RD_READ_SYSREG(CNTVCT_EL0);
  if (id == RD_REG_POWER) return vcpu.power.load(std::memory_order_acquire) == Power::OFF ? 1 : 0;
  if (id == sysreg(3, 0, 0, 0, 0).value) return RD_READ_SYSREG(MIDR_EL1);
  if (id == sysreg(3, 0, 0, 0, 6).value || id == sysreg(3, 1, 0, 0, 7).value) return 0;
  if (id == sysreg(3, 1, 0, 0, 1).value) return RD_READ_SYSREG(CLIDR_EL1);
  if (id == sysreg(3, 3, 0, 0, 1).value) return RD_READ_SYSREG(CTR_EL0);
  if (id <= 0xffff) return guest_id_register(arm64::SysregId{static_cast<std::uint16_t>(id)});
  return std::nullopt;
}

}  // namespace

auto get_register(Vcpu& vcpu, RegisterId id, bool protected_vm, bool finalised) noexcept -> Result<RegisterValue> {
  const auto number = id.value();
  if (protected_vm && number != kMpidr && (finalised || !boot_register(number))) return Unexpected{Error::PERM};
  if (vector_register(number)) {
    const auto value = vcpu.fp.v[number - RD_REG_V0];
    return RegisterValue{static_cast<std::uint64_t>(value), static_cast<std::uint64_t>(value >> 64)};
  }
  if (const auto* const place = storage(vcpu, number)) return RegisterValue{*place, 0};
  if (const auto value = computed(vcpu, number)) return RegisterValue{*value, 0};
  return Unexpected{Error::NOT_FOUND};
}

auto set_register(Vcpu& vcpu, RegisterId id, RegisterValue value, bool protected_vm) noexcept -> Result<> {
  const auto number = id.value();
  if (protected_vm && !boot_register(number)) return Unexpected{Error::PERM};
  if (number == RD_REG_PSTATE && !valid_pstate(value.low)) return Unexpected{Error::INVALID};
  if (number == RD_REG_PSTATE && protected_vm && value.low != (arm64::pstate::kEl1h | arm64::pstate::kDaif)) {
    return Unexpected{Error::PERM};
  }
  if (vector_register(number)) {
    vcpu.fp.v[number - RD_REG_V0] = (static_cast<unsigned __int128>(value.high) << 64) | value.low;
    return {};
  }
  if (number == RD_REG_POWER) {
    if (value.low > 1) return Unexpected{Error::INVALID};
    vcpu.power.store(value.low == 1 ? Power::OFF : Power::ON, std::memory_order_release);
    return {};
  }
  if (auto* const place = storage(vcpu, number)) {
    *place = value.low;
    return {};
  }
  // Identification registers accept being written back what they are.
  if (const auto fixed = computed(vcpu, number)) {
    if (number == RD_REG_CNTVCT || *fixed == value.low) return {};
    return Unexpected{Error::INVALID};
  }
  return Unexpected{Error::NOT_FOUND};
}

}  // namespace redoubt::hyp
