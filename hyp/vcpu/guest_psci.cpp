// SPDX-License-Identifier: Apache-2.0
// PSCI of guests (DEN0022), answered at EL2: which vCPU runs, and from where, is not the host's to decide.
#include "core/ownership/query.hpp"
#include "core/vm/lifecycle.hpp"
#include "hyp/core_state.hpp"
#include "hyp/vcpu/guest_call.hpp"
#include "hyp/vcpu/guest_vm.hpp"
#include "hyp/vcpu/run.hpp"

namespace redoubt::hyp {
namespace {

using arm64::Fid;
using arm64::PsciStatus;

constexpr std::uint64_t kMpidrMask = 0xff'00ff'ffff;

auto answer(PsciStatus status) noexcept -> std::uint64_t { return static_cast<std::uint64_t>(status); }

auto find_vcpu(const GuestVm& vm, std::uint64_t mpidr) noexcept -> Vcpu* {
  const auto count = vm.nr_vcpus.load(std::memory_order_relaxed);
  for (std::uint32_t n = 0; n < count && n < RD_MAX_VCPUS; ++n) {
    auto* const vcpu = vm.vcpus[n].load(std::memory_order_acquire);
    if (vcpu != nullptr && (vcpu->mpidr & kMpidrMask) == mpidr) return vcpu;
  }
  return nullptr;
}

// A realm starts its CPUs in its own RAM; any other VM anywhere it can address.
auto valid_entry(const GuestVm& vm, std::uint64_t pc) noexcept -> bool {
  if (pc >> vm.ipa_bits != 0 || (pc & 3) != 0) return false;
  if (!vm.rsi) return true;
  Locked core{core_state()};
  const auto page = core::guest_page(*core, core::VmHandle{vm.handle}, gfn_of(Ipa{pc}));
  return page && !page->shared_half && page->ripas == core::Ripas::ram;
}

void cpu_on(PerCpu& cpu, Vcpu& vcpu, bool smc64) noexcept {
  auto& x = vcpu.context.x;
  const auto narrow = [smc64](std::uint64_t value) { return smc64 ? value : value & 0xffff'ffff; };
  auto* const target = find_vcpu(*vcpu.vm, narrow(x[1]));
  if (target == nullptr) {
    x[0] = answer(PsciStatus::INVALID_PARAMETERS);
    return;
  }
  if (!valid_entry(*vcpu.vm, narrow(x[2]))) {
    x[0] = answer(PsciStatus::INVALID_ADDRESS);
    return;
  }
  auto expected = Power::OFF;
  if (!target->power.compare_exchange_strong(expected, Power::CLAIMED, std::memory_order_acquire)) {
    x[0] = answer(expected == Power::ON ? PsciStatus::ALREADY_ON : PsciStatus::ON_PENDING);
    return;
  }
  target->start_pc = narrow(x[2]);
  target->start_context = narrow(x[3]);
  target->power.store(Power::ON_PENDING, std::memory_order_release);
  x[0] = 0;
  leave_guest(cpu, vcpu, {.reason = RD_EXIT_KICK, .kick_mask = std::uint32_t{1} << target->index});
}

auto affinity_info(const Vcpu& vcpu, bool smc64) noexcept -> std::uint64_t {
  const auto& x = vcpu.context.x;
  const auto* const target = find_vcpu(*vcpu.vm, smc64 ? x[1] : x[1] & 0xffff'ffff);
  if (target == nullptr || x[2] != 0) return answer(PsciStatus::INVALID_PARAMETERS);
  switch (target->power.load(std::memory_order_acquire)) {
    case Power::ON: return static_cast<std::uint64_t>(arm64::PsciAffinity::ON);
    case Power::OFF: return static_cast<std::uint64_t>(arm64::PsciAffinity::OFF);
    default: return static_cast<std::uint64_t>(arm64::PsciAffinity::ON_PENDING);
  }
}

auto supported(std::uint64_t number) noexcept -> bool {
  switch (static_cast<Fid>(number)) {
    case Fid::SMCCC_VERSION:
    case Fid::PSCI_VERSION:
    case Fid::PSCI_CPU_SUSPEND32:
    case Fid::PSCI_CPU_SUSPEND64:
    case Fid::PSCI_CPU_OFF:
    case Fid::PSCI_CPU_ON32:
    case Fid::PSCI_CPU_ON64:
    case Fid::PSCI_AFFINITY_INFO32:
    case Fid::PSCI_AFFINITY_INFO64:
    case Fid::PSCI_SYSTEM_OFF:
    case Fid::PSCI_SYSTEM_RESET:
    case Fid::PSCI_FEATURES: return number <= 0xffff'ffff;
    default: return false;
  }
}

// A protected VM that went down or reset never runs again: its memory is gone, and a new one is a new VM.
void system_event(PerCpu& cpu, Vcpu& vcpu, rd_system_event event) noexcept {
  if (vcpu.vm->protected_vm) {
    Locked core{core_state()};
    (void)core::vm_stop(*core, core::VmHandle{vcpu.vm->handle});
  }
  vcpu.context.x[0] = answer(PsciStatus::INTERNAL_FAILURE);  // if an ordinary VM is entered again all the same
  leave_guest(cpu, vcpu, {.reason = RD_EXIT_SYSTEM, .args = {static_cast<std::uint64_t>(event)}});
}

}  // namespace

void guest_psci(PerCpu& cpu, Vcpu& vcpu, Fid call) noexcept {
  auto& x = vcpu.context.x;
  const bool smc64 = arm64::fid::SMC64::of(static_cast<std::uint64_t>(call)) != 0;
  switch (call) {
    case Fid::PSCI_VERSION: x[0] = arm64::kPsci1_1; return;
    case Fid::PSCI_FEATURES: x[0] = supported(x[1]) ? 0 : answer(PsciStatus::NOT_SUPPORTED); return;
    case Fid::PSCI_CPU_ON32:
    case Fid::PSCI_CPU_ON64: return cpu_on(cpu, vcpu, smc64);
    case Fid::PSCI_AFFINITY_INFO32:
    case Fid::PSCI_AFFINITY_INFO64: x[0] = affinity_info(vcpu, smc64); return;
    case Fid::PSCI_CPU_OFF:
      vcpu.power.store(Power::OFF, std::memory_order_release);
      return leave_guest(cpu, vcpu, {.reason = RD_EXIT_VCPU_OFF});
    case Fid::PSCI_CPU_SUSPEND32:
    case Fid::PSCI_CPU_SUSPEND64:
      x[0] = 0;  // every state is a standby: the vCPU keeps its registers and wakes up by an interrupt
      return leave_guest(cpu, vcpu, {.reason = RD_EXIT_WFX});
    case Fid::PSCI_SYSTEM_OFF: return system_event(cpu, vcpu, RD_SYSTEM_OFF);
    case Fid::PSCI_SYSTEM_RESET: return system_event(cpu, vcpu, RD_SYSTEM_RESET);
    default: x[0] = answer(PsciStatus::NOT_SUPPORTED); return;
  }
}

}  // namespace redoubt::hyp
