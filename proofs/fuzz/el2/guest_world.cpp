// SPDX-License-Identifier: Apache-2.0
// What the guest that runs may do next.
#include "arch/arm64_defs/esr.hpp"
#include "arch/arm64_defs/smccc.hpp"
#include "arch/arm64_defs/sysreg.hpp"
#include "hyp/vcpu/guest_traps.hpp"
#include "proofs/fuzz/el2/world.hpp"

namespace redoubt::fuzz {
namespace {

using arm64::ExceptionClass;
using arm64::Fid;

void raise(ExceptionClass what, std::uint64_t iss) { RD_WRITE_SYSREG(ESR_EL2, arm64::make_syndrome(what, iss)); }

constexpr Fid kCalls[] = {
    Fid::SMCCC_VERSION,
    Fid::SMCCC_ARCH_FEATURES,
    Fid::SMCCC_ARCH_WORKAROUND_1,
    Fid::PSCI_VERSION,
    Fid::PSCI_CPU_SUSPEND64,
    Fid::PSCI_CPU_OFF,
    Fid::PSCI_CPU_ON64,
    Fid::PSCI_CPU_ON32,
    Fid::PSCI_AFFINITY_INFO64,
    Fid::PSCI_SYSTEM_OFF,
    Fid::PSCI_SYSTEM_RESET,
    Fid::PSCI_FEATURES,
    Fid::TRNG_VERSION,
    Fid::TRNG_FEATURES,
    Fid::TRNG_GET_UUID,
    Fid::TRNG_RND32,
    Fid::TRNG_RND64,
    Fid::RSI_VERSION,
    Fid::RSI_FEATURES,
    Fid::RSI_MEASUREMENT_READ,
    Fid::RSI_MEASUREMENT_EXTEND,
    Fid::RSI_REALM_CONFIG,
    Fid::RSI_IPA_STATE_SET,
    Fid::RSI_IPA_STATE_SET,
    Fid::RSI_IPA_STATE_GET,
    Fid::RSI_HOST_CALL,
    Fid::RSI_ATTESTATION_TOKEN_INIT,
    Fid::VENDOR_HYP_CALL_UID,
    Fid::PKVM_MEM_SHARE,
    Fid::RSI_ATTESTATION_TOKEN_CONTINUE,
    Fid::PSCI_SYSTEM_RESET2_64,
    Fid::PSCI_MIGRATE_INFO_TYPE,
};

}  // namespace

void World::guest_step(hyp::Vcpu& vcpu) {
  guest_registers(vcpu);
  rules_.before_guest(vcpu);
  auto& cpu = the_cpu();
  switch (input_.pick(8)) {
    case 0: hyp::handle_guest_irq(cpu, vcpu); break;
    case 1:
    case 2: return guest_abort(vcpu);
    case 3: return guest_trap(vcpu);
    case 4:
      if (input_.pick(4) == 0) {
        hyp::handle_guest_serror(cpu, vcpu);
      } else {
        hyp::handle_guest_aarch32(cpu, vcpu);
      }
      break;
    default: return guest_call(vcpu);
  }
  rules_.after();
}

// Secrets in all registers, in the guest's system registers as well; the calls put their arguments over them.
void World::guest_registers(hyp::Vcpu& vcpu) {
  for (auto& x : vcpu.context.x) x = kSecret | input_.pick(4);
  set_guest_system_registers();
  RD_WRITE_SYSREG(CNTV_CTL_EL0, input_.pick(8));
  if (input_.pick(16) == 0) RD_WRITE_SYSREG(S3_0_C12_C1_1, bit(31));  // an SError is on its way
}

void World::guest_call(hyp::Vcpu& vcpu) {
  auto& x = vcpu.context.x;
  x[0] = input_.pick(8) == 0 ? input_.number() : static_cast<std::uint64_t>(kCalls[input_.pick(std::size(kCalls))]);
  for (unsigned n = 1; n < 5; ++n)
    x[n] = input_.coin() ? input_.number() : n == 3 ? input_.pick(3) : ipa() & ~std::uint64_t{0xfff};
  if (input_.coin()) x[1] = input_.number();
  raise(input_.pick(8) == 0 ? ExceptionClass::HVC64 : ExceptionClass::SMC64, input_.pick(32) == 0 ? 1 : 0);
  rules_.before_guest(vcpu);
  hyp::handle_guest_sync(the_cpu(), vcpu);
  rules_.after();
}

void World::guest_abort(hyp::Vcpu& vcpu) {
  const bool fetch = input_.pick(8) == 0;
  const std::uint64_t at = ipa() & bit_mask(0, 48);
  raise(fetch ? ExceptionClass::INSTRUCTION_ABORT_LOWER : ExceptionClass::DATA_ABORT_LOWER, abort_syndrome(!fetch));
  RD_WRITE_SYSREG(HPFAR_EL2, arm64::hpfar::FIPA::make(at >> 12));
  RD_WRITE_SYSREG(PAR_EL1, (at & ~std::uint64_t{0xfff}) | (input_.pick(8) == 0 ? 1U : 0U));
  RD_WRITE_SYSREG(FAR_EL2, at & 0xfff);
  rules_.before_guest(vcpu);
  hyp::handle_guest_sync(the_cpu(), vcpu);
  rules_.after_guest_abort(vcpu, at);
}

void World::guest_trap(hyp::Vcpu& vcpu) {
  const auto what =
      input_.one_of({ExceptionClass::SYSREG, ExceptionClass::SYSREG, ExceptionClass::WFX, ExceptionClass::FP_ASIMD,
                     ExceptionClass::SVE, static_cast<ExceptionClass>(input_.pick(64))});
  std::uint64_t iss = input_.word(4) & arm64::esr::ISS::kMax;
  const auto iss_of = [](arm64::SysregId id, bool read) {
    namespace si = arm64::sysreg_iss;
    return si::OP0::make(id.value >> 14) | si::OP1::make(id.value >> 11 & 7) | si::CRN::make(id.value >> 7 & 15) |
           si::CRM::make(id.value >> 3 & 15) | si::OP2::make(id.value & 7) | si::READ::make(read ? 1 : 0);
  };
  if (input_.coin()) {
    const auto id =
        input_.one_of({arm64::kIccSgi1r, arm64::kIccAsgi1r, arm64::kIccSgi0r, arm64::kIccSre, arm64::kIdAa64Pfr0});
    iss = iss_of(id, input_.coin()) | arm64::sysreg_iss::RT::make(1);
    vcpu.context.x[1] = input_.word();
  }
  // An abort has its own step, with the rules that go with it.
  if (what == ExceptionClass::DATA_ABORT_LOWER || what == ExceptionClass::INSTRUCTION_ABORT_LOWER) return;
  raise(what, iss);
  rules_.before_guest(vcpu);
  hyp::handle_guest_sync(the_cpu(), vcpu);
  rules_.after();
}

}  // namespace redoubt::fuzz
