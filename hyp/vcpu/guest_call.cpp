// SPDX-License-Identifier: Apache-2.0
#include "hyp/vcpu/guest_call.hpp"

#include "arch/arm64/common/sysreg_access.hpp"
#include "arch/arm64_defs/esr.hpp"
#include "hyp/cpu/machine_state.hpp"
#include "hyp/vcpu/guest_vm.hpp"
#include "hyp/vcpu/inject.hpp"

namespace redoubt::hyp {
namespace {

using arm64::Fid;

constexpr std::uint64_t kNotSupported = ~std::uint64_t{0};

// A work-around is "not needed" where the CPU says that it is not affected; guests are never sent to the firmware.
auto workaround_state(Fid call) noexcept -> std::uint64_t {
  const auto pfr0 = machine().features.pfr0;
  const bool csv2 = bits_of(pfr0, 56, 4) != 0;
  if (call == Fid::SMCCC_ARCH_WORKAROUND_1) return csv2 ? 1 : kNotSupported;
  return kNotSupported;
}

auto arch_features(std::uint64_t asked) noexcept -> std::uint64_t {
  if (asked > 0xffff'ffff) return kNotSupported;
  switch (static_cast<Fid>(asked)) {
    case Fid::SMCCC_VERSION:
    case Fid::SMCCC_ARCH_FEATURES: return 0;
    case Fid::SMCCC_ARCH_WORKAROUND_1:
    case Fid::SMCCC_ARCH_WORKAROUND_2:
    case Fid::SMCCC_ARCH_WORKAROUND_3: return workaround_state(static_cast<Fid>(asked));
    default: return kNotSupported;
  }
}

void dispatch(PerCpu& cpu, Vcpu& vcpu) noexcept {
  auto& x = vcpu.context.x;
  const auto number = x[0] & ~arm64::fid::SVE_HINT::kMask;
  const auto call = static_cast<Fid>(number);
  // Bits above 32 make another number: it is not cut down to a known one.
  if (number > 0xffff'ffff) {
    x[0] = kNotSupported;
  } else if (call == Fid::SMCCC_VERSION) {
    x[0] = arm64::kSmccc1_2;
  } else if (call == Fid::SMCCC_ARCH_FEATURES) {
    x[0] = arch_features(x[1]);
  } else if (arm64::is_psci(call)) {
    guest_psci(cpu, vcpu, call);
  } else if (arm64::is_trng(call)) {
    guest_trng(vcpu, call);
  } else if (arm64::is_rsi(call) && vcpu.vm->rsi) {
    guest_rsi(cpu, vcpu, call);
  } else {
    x[0] = kNotSupported;
  }
}

}  // namespace

void handle_guest_hvc(PerCpu& cpu, Vcpu& vcpu, std::uint64_t syndrome) noexcept {
  // A realm has no hypervisor below it that it may call by HVC (DEN0137): the instruction is undefined.
  if (vcpu.vm->rsi || arm64::esr::IMM16::of(syndrome) != 0) {
    RD_WRITE_SYSREG(ELR_EL2, RD_READ_SYSREG(ELR_EL2) - 4);
    inject_undefined();
    return;
  }
  dispatch(cpu, vcpu);
}

void handle_guest_smc(PerCpu& cpu, Vcpu& vcpu, std::uint64_t syndrome) noexcept {
  if (arm64::esr::IMM16::of(syndrome) != 0) return inject_undefined();
  RD_WRITE_SYSREG(ELR_EL2, RD_READ_SYSREG(ELR_EL2) + 4);  // a trapped SMC has not been passed yet
  dispatch(cpu, vcpu);
}

}  // namespace redoubt::hyp
