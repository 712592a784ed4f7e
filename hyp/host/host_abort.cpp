// SPDX-License-Identifier: Apache-2.0
// The host touched an address its stage 2 does not map: hypervisor memory, a guest's page, a closed device, a
// redistributor register.
#include "arch/arm64/common/sysreg_access.hpp"
#include "arch/arm64_defs/esr.hpp"
#include "core/ownership/host_fault.hpp"
#include "hyp/core_state.hpp"
#include "hyp/cpu/fault_address.hpp"
#include "hyp/host/host_mmio.hpp"
#include "hyp/host/host_traps.hpp"
#include "hyp/vcpu/inject.hpp"

namespace redoubt::hyp {
namespace {

using arm64::ExceptionClass;
namespace iss = arm64::abort_iss;

constinit std::atomic<std::uint64_t> injected{0};

// As an alignment fault: a process gets SIGBUS, and in the kernel it goes through the exception tables. An external abort
// would oops the kernel even in code that expects faults, and mark it as broken hardware.
void inject_abort(std::uint64_t syndrome, std::uint64_t far) noexcept {
  const bool fetch = arm64::exception_class(syndrome) == ExceptionClass::INSTRUCTION_ABORT_LOWER;
  const auto ec = abort_class(RD_READ_SYSREG(SPSR_EL2), fetch);
  const auto write = fetch ? 0 : iss::WNR::make(iss::WNR::of(syndrome));
  injected.fetch_add(1, std::memory_order_relaxed);
  inject_into_host(arm64::make_syndrome(ec, iss::FSC::make(arm64::fsc::kAlignment) | write), far);
}

// Accesses through the kernel's own mapping (TTBR1) have no fixup; the host would oops for what a mere process made it do.
auto through_kernel_alias(std::uint64_t syndrome, std::uint64_t far) noexcept -> bool {
  const bool from_el1 = (RD_READ_SYSREG(SPSR_EL2) & 0xf) != 0;
  const bool fetch = arm64::exception_class(syndrome) == ExceptionClass::INSTRUCTION_ABORT_LOWER;
  return from_el1 && !fetch && (far & bit(55)) != 0;
}

// True if the access is to be tried again: the page is the host's and another CPU was just changing its mapping, or the
// kernel's own access to a guest's page now finds a decoy.
auto resolved_by_core(Ipa ipa, bool kernel_alias) noexcept -> bool {
  Locked core{core_state()};
  const auto page = pfn_of(host_pa_of(ipa));
  if (core::host_mapped(*core, page)) return true;
  return kernel_alias && core::host_fault(*core, page) != core::HostFault::inject;
}

}  // namespace

auto host_faults_injected() noexcept -> std::uint64_t { return injected.load(std::memory_order_relaxed); }

void host_abort(PerCpu& cpu, std::uint64_t syndrome) noexcept {
  const auto far = RD_READ_SYSREG(FAR_EL2);
  const auto kind = arm64::fsc::kind(iss::FSC::of(syndrome));
  if (kind != arm64::fsc::kTranslation && kind != arm64::fsc::kPermission) return inject_abort(syndrome, far);
  const auto found = fault_address(syndrome);
  if (!found) return;
  const Ipa ipa = *found;
  if (emulate_host_mmio(cpu, ipa, syndrome)) return;
  if (kind == arm64::fsc::kTranslation && resolved_by_core(ipa, through_kernel_alias(syndrome, far))) return;
  inject_abort(syndrome, far);
}

}  // namespace redoubt::hyp
