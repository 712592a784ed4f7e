// SPDX-License-Identifier: Apache-2.0
#include "hyp/vcpu/guest_sysreg.hpp"

#include "arch/arm64/common/sysreg_access.hpp"
#include "hyp/cpu/id_registers.hpp"
#include "hyp/vcpu/guest_vm.hpp"
#include "hyp/vcpu/inject.hpp"
#include "hyp/vcpu/run.hpp"
#include "hyp/vcpu/virtual_gic.hpp"
#include "vgic/sgi.hpp"

namespace redoubt::hyp {
namespace {

using arm64::sysreg;

constexpr auto kSgi1r = sysreg(3, 0, 12, 11, 5);
constexpr auto kAsgi1r = sysreg(3, 0, 12, 11, 6);
constexpr auto kSgi0r = sysreg(3, 0, 12, 11, 7);

// Registers that a kernel touches on its way up without meaning it: read as zero, ignore writes.
auto ignored(arm64::SysregId id) noexcept -> bool {
  const unsigned op0 = id.value >> 14;
  if (op0 == 2) return true;                     // debug and trace: hidden by ID_AA64DFR0_EL1
  if (id == sysreg(3, 0, 1, 0, 1)) return true;  // ACTLR_EL1
  if (id == sysreg(3, 0, 0, 0, 6)) return true;  // REVIDR_EL1
  if (id == sysreg(3, 1, 0, 0, 7)) return true;  // AIDR_EL1
  if (id == sysreg(3, 3, 14, 2, 0) || id == sysreg(3, 3, 14, 2, 1) || id == sysreg(3, 3, 14, 2, 2))
    return true;                           // CNTP_*
  return op0 == 1 && (id.value & 7) == 2;  // DC ISW, CSW, CISW: HCR_EL2.FWB or SWIO make them needless
}

// Sent to the vCPUs' inboxes here, so that no host can forge or suppress one; the host is told whom to make run.
auto send_sgi(Vcpu& vcpu, const vgic::SgiRequest& request) noexcept -> std::uint32_t {
  const auto& vm = *vcpu.vm;
  const auto sender = vgic::Affinity::of_mpidr(vcpu.mpidr);
  std::uint32_t kick = 0;
  const auto count = vm.nr_vcpus.load(std::memory_order_relaxed);
  for (std::uint32_t n = 0; n < count && n < RD_MAX_VCPUS; ++n) {
    auto* const target = vm.vcpus[n].load(std::memory_order_acquire);
    if (target == nullptr || !request.matches(vgic::Affinity::of_mpidr(target->mpidr), sender)) continue;
    target->gic.inbox.fetch_or(request.inbox_bits(), std::memory_order_release);
    kick |= std::uint32_t{1} << n;
  }
  return kick;
}

}  // namespace

void handle_guest_sysreg(PerCpu& cpu, Vcpu& vcpu, std::uint64_t syndrome) noexcept {
  const auto id = arm64::sysreg_of_iss(arm64::esr::ISS::of(syndrome));
  const bool read = arm64::sysreg_iss::READ::of(syndrome) != 0;
  const auto rt = arm64::sysreg_iss::RT::of(syndrome);
  const auto write_back = [&vcpu, rt](std::uint64_t value) {
    if (rt != 31) vcpu.context.x[rt] = value;
  };
  if (!read && vcpu.vm->nr_irqs != 0 && (id == kSgi1r || id == kAsgi1r || id == kSgi0r)) {
    const auto value = rt == 31 ? 0 : vcpu.context.x[rt];
    const auto request = id == kSgi1r ? vgic::SgiRequest::of_sgi1r(value) : vgic::SgiRequest::of_sgi0r(value);
    RD_WRITE_SYSREG(ELR_EL2, RD_READ_SYSREG(ELR_EL2) + 4);
    const auto others = send_sgi(vcpu, request) & ~(std::uint32_t{1} << vcpu.index);
    if (others != 0) return leave_guest(cpu, vcpu, {.reason = RD_EXIT_KICK, .kick_mask = others});
    gic_fold(vcpu);
    gic_present(cpu, vcpu);
    return;
  }
  if (const auto value = guest_id_register(id); value && read) {
    write_back(*value);
  } else if (id == arm64::kIccSre) {
    if (read) write_back(kGuestIccSre);  // the system registers cannot be switched off
  } else if (ignored(id)) {
    if (read) write_back(0);
  } else {
    inject_undefined();
    return;
  }
  RD_WRITE_SYSREG(ELR_EL2, RD_READ_SYSREG(ELR_EL2) + 4);
}

}  // namespace redoubt::hyp
