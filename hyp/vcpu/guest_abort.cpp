// SPDX-License-Identifier: Apache-2.0
#include "hyp/vcpu/guest_abort.hpp"

#include "abi/hypercall.h"
#include "arch/arm64/common/sysreg_access.hpp"
#include "arch/arm64_defs/esr.hpp"
#include "core/ownership/query.hpp"
#include "hyp/core_state.hpp"
#include "hyp/cpu/fault_address.hpp"
#include "hyp/vcpu/guest_vm.hpp"
#include "hyp/vcpu/inject.hpp"
#include "hyp/vcpu/run.hpp"
#include "hyp/vcpu/virtual_gic.hpp"
#include "vgic/redistributor.hpp"

namespace redoubt::hyp {
namespace {

using arm64::ExceptionClass;
namespace iss = arm64::abort_iss;

struct GuestAbort {
  std::uint64_t syndrome, far;
  Ipa ipa;      // with the shared bit
  Ipa address;  // without
  bool shared;  // through the shared half of a protected VM, or any access of an ordinary one
  bool fetch;

  [[nodiscard]] auto decoded() const noexcept -> bool { return !fetch && iss::ISV::of(syndrome) != 0; }
  [[nodiscard]] auto write() const noexcept -> bool { return !fetch && iss::WNR::of(syndrome) != 0; }
};

auto read_abort(const Vcpu& vcpu, std::uint64_t syndrome, Ipa ipa) noexcept -> GuestAbort {
  GuestAbort abort{};
  abort.syndrome = syndrome;
  abort.far = RD_READ_SYSREG(FAR_EL2);
  abort.ipa = ipa;
  abort.address = Ipa{abort.ipa.value() & ~vcpu.vm->shared_bit()};
  abort.shared = !vcpu.vm->protected_vm || (abort.ipa.value() & vcpu.vm->shared_bit()) != 0;
  abort.fetch = arm64::exception_class(syndrome) == ExceptionClass::INSTRUCTION_ABORT_LOWER;
  return abort;
}

auto source_register(const Vcpu& vcpu, std::uint64_t syndrome) noexcept -> std::uint64_t {
  const auto rt = iss::SRT::of(syndrome);
  const auto value = rt == 31 ? 0 : vcpu.context.x[rt];
  return value & bit_mask(0, 8U << iss::SAS::of(syndrome));
}

void target_register(Vcpu& vcpu, std::uint64_t syndrome, std::uint64_t value) noexcept {
  const auto rt = iss::SRT::of(syndrome);
  if (rt == 31) return;
  vcpu.context.x[rt] =
      loaded_value(value, 8U << iss::SAS::of(syndrome), iss::SSE::of(syndrome) != 0, iss::SF::of(syndrome) != 0);
}

// The redistributors of all vCPUs of the VM are emulated here; a vCPU reaches its own and, read-only, the others' TYPER.
auto redistributor(PerCpu& cpu, Vcpu& vcpu, const GuestAbort& abort) noexcept -> bool {
  const auto& vm = *vcpu.vm;
  const auto offset = abort.address.value() - vm.gicr_ipa;
  const auto count = vm.nr_vcpus.load(std::memory_order_relaxed);
  if (vm.nr_irqs == 0 || offset >= count * vgic::kRedistributorSize) return false;
  const auto index = static_cast<std::uint32_t>(offset / vgic::kRedistributorSize);
  const vgic::MmioOffset reg{offset % vgic::kRedistributorSize};
  const auto size = static_cast<vgic::AccessSize>(1U << iss::SAS::of(abort.syndrome));
  auto* const owner = vm.vcpus[index].load(std::memory_order_acquire);
  const vgic::RedistConfig config{.affinity = vgic::Affinity::of_mpidr(owner != nullptr ? owner->mpidr : 0),
                                  .processor_number = static_cast<std::uint16_t>(index),
                                  .last = index + 1 == count};
  const bool own = index == vcpu.index;
  const bool state = own && vgic::redistributor_needs_fold(reg, abort.write());
  if (state) gic_fold(vcpu);
  const vgic::PrivateIrqs none{};
  if (abort.write()) {
    if (own) vgic::redistributor_write(vcpu.gic.irqs, reg, size, source_register(vcpu, abort.syndrome));
  } else {
    target_register(vcpu, abort.syndrome, vgic::redistributor_read(own ? vcpu.gic.irqs : none, config, reg, size));
  }
  if (state) gic_present(cpu, vcpu);
  RD_WRITE_SYSREG(ELR_EL2, RD_READ_SYSREG(ELR_EL2) + 4);
  return true;
}

// EL2 relays the write to the host's distributor model, and remembers which SPIs the guest asked for.
void watch_distributor(GuestVm& vm, const GuestAbort& abort, std::uint64_t value) noexcept {
  const auto offset = abort.address.value() - vm.gicd_ipa;
  if (vm.nr_irqs == 0 || offset >= kGicdBytes) return;
  vm.gic_lock.acquire();
  vm.spi_mirror.observe_write(vgic::MmioOffset{offset},
                              static_cast<vgic::AccessSize>(1U << iss::SAS::of(abort.syndrome)), value);
  vm.gicd_ctlr.store(vm.spi_mirror.groups().ctlr_bits(), std::memory_order_relaxed);
  vm.gic_lock.release();
}

void device_access(PerCpu& cpu, Vcpu& vcpu, const GuestAbort& abort) noexcept {
  const auto size = static_cast<std::uint8_t>(iss::SAS::of(abort.syndrome));
  ExitReport report{.reason = RD_EXIT_MMIO, .ipa = abort.address.value(), .shared = vcpu.vm->protected_vm};
  report.mmio_bytes = 1U << size;
  report.mmio_write = abort.write();
  if (abort.write()) {
    report.mmio_value = source_register(vcpu, abort.syndrome);
    watch_distributor(*vcpu.vm, abort, report.mmio_value);
  }
  vcpu.pending = PendingAccess{.await = abort.write() ? Await::MMIO_WRITE : Await::MMIO_READ,
                               .sign_extend = iss::SSE::of(abort.syndrome) != 0,
                               .register64 = iss::SF::of(abort.syndrome) != 0,
                               .size_log2 = size,
                               .target = static_cast<std::uint8_t>(iss::SRT::of(abort.syndrome)),
                               .may_inject = true,
                               .far = abort.far};
  leave_guest(cpu, vcpu, report);
}

void memory_fault(PerCpu& cpu, Vcpu& vcpu, const GuestAbort& abort) noexcept {
  std::uint64_t wanted = RD_PROT_R;
  if (abort.fetch) wanted = RD_PROT_X;
  if (abort.write()) wanted = RD_PROT_W;
  vcpu.pending = PendingAccess{.await = Await::MEMORY, .may_inject = abort.shared, .far = abort.far};
  leave_guest(cpu, vcpu,
              {.reason = RD_EXIT_MEMORY,
               .ipa = align_down(abort.address.value(), kPageSize),
               .shared = vcpu.vm->protected_vm && abort.shared,
               .args = {wanted}});
}

// The private half: RAM that has no page yet is the host's to supply; everything else is the guest's mistake.
void private_access(PerCpu& cpu, Vcpu& vcpu, const GuestAbort& abort) noexcept {
  Result<core::GuestPage> page = Unexpected{Error::INVALID};
  {
    Locked core{core_state()};
    page = core::guest_page(*core, core::VmHandle{vcpu.vm->handle}, gfn_of(abort.ipa));
  }
  if (page && page->mapped) return;  // another vCPU's fault was served meanwhile: try again
  if (page && page->ripas == core::Ripas::ram) return memory_fault(cpu, vcpu, abort);
  if (vcpu.vm->rsi && !vcpu.vm->realm_configured.load(std::memory_order_relaxed)) {
    return leave_guest(cpu, vcpu,
                       {.reason = RD_EXIT_FAULT, .ipa = abort.address.value(), .args = {RD_FAULT_NOT_REALM}});
  }
  inject_sea(abort.syndrome, abort.far);
}

}  // namespace

void handle_guest_abort(PerCpu& cpu, Vcpu& vcpu, std::uint64_t syndrome) noexcept {
  const auto kind = arm64::fsc::kind(iss::FSC::of(syndrome));
  if (kind != arm64::fsc::kTranslation && kind != arm64::fsc::kPermission) {
    return inject_sea(syndrome, RD_READ_SYSREG(FAR_EL2));
  }
  const auto ipa = fault_address(syndrome);
  if (!ipa) return;
  const auto abort = read_abort(vcpu, syndrome, *ipa);
  if (abort.ipa.value() >> vcpu.vm->ipa_bits != 0) return inject_sea(syndrome, abort.far);
  if (!abort.shared) return private_access(cpu, vcpu, abort);
  if (vcpu.vm->protected_vm && abort.fetch) return inject_sea(syndrome, abort.far);
  if (!abort.decoded()) return memory_fault(cpu, vcpu, abort);
  if (redistributor(cpu, vcpu, abort)) return;
  device_access(cpu, vcpu, abort);
}

}  // namespace redoubt::hyp
