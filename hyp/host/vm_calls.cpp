// SPDX-License-Identifier: Apache-2.0
#include "hyp/host/vm_calls.hpp"

#include "abi/hypercall.h"
#include "core/ownership/claim.hpp"
#include "core/ownership/donate.hpp"
#include "core/vm/lifecycle.hpp"
#include "hyp/core_state.hpp"
#include "hyp/cpu/machine_state.hpp"
#include "hyp/host/ram_pieces.hpp"
#include "hyp/mm/linear_map.hpp"
#include "hyp/mm/window.hpp"
#include "hyp/vcpu/guest_vm.hpp"
#include "vgic/redistributor.hpp"

namespace redoubt::hyp {
namespace {

using core::VmHandle;

constinit std::array<GuestVm, RD_MAX_VMS> guest_vms{};

auto slot_of(VmHandle handle) noexcept -> unsigned { return static_cast<unsigned>(handle.value() & 0xff); }

// All members but the lock, which is free while no vCPU is loaded.
void reset_guest_vm(GuestVm& vm) noexcept {
  vm.gicd_ctlr.store(0, std::memory_order_relaxed);
  vm.realm_configured.store(false, std::memory_order_relaxed);
  vm.gicd_ipa = vm.gicr_ipa = 0;
  vm.nr_irqs = 0;
  vm.nr_vcpus.store(0, std::memory_order_relaxed);
  vm.spi_mirror = vgic::SpiEnableMirror{};
  for (auto& vcpu : vm.vcpus) vcpu.store(nullptr, std::memory_order_relaxed);
}

// The boot vCPU's entry is part of the measurement: x0..x7 and PC are frozen with it.
void measure_entry(GuestVm& vm) noexcept {
  const auto* const boot = vm.vcpus[0].load(std::memory_order_relaxed);
  if (boot == nullptr) return;
  measure_boot_vcpu(vm.measurements, boot->context.pc, std::span{boot->context.x}.first<8>());
}

// Where the frames of a VM with `vcpus` vCPUs would lie: inside the address space (a realm's lower half), apart.
auto valid_gic(const core::Vm& vm, std::uint64_t vcpus, std::uint64_t gicd, std::uint64_t gicr,
               std::uint64_t irqs) noexcept -> bool {
  const std::uint64_t limit = (vm.prot ? vm.private_frames() : vm.frames()) << kPageShift;
  const std::uint64_t gicr_bytes = vcpus * vgic::kRedistributorSize;
  if (!aligned(gicd | gicr, arm64::kGicFrameSize)) return false;
  if (gicd >= limit || kGicdBytes > limit - gicd || gicr >= limit || gicr_bytes > limit - gicr) return false;
  if (gicd < gicr + gicr_bytes && gicr < gicd + kGicdBytes) return false;
  return irqs >= vgic::kMinIrqs && irqs <= vgic::kMaxIrqs && irqs % 32 == 0;
}

}  // namespace

auto guest_vm(unsigned slot) noexcept -> GuestVm& { return guest_vms[slot]; }

auto vm_create(const CallRegisters& x) noexcept -> Result<std::uint64_t> {
  Locked core{core_state()};
  const core::VmParams params{.flags = x[1], .ipa_bits = x[2], .root = Pfn{x[3]}, .decoy = Pfn{x[4]}, .nr_vcpus = x[5]};
  RD_TRY_ASSIGN(handle, core::vm_create(*core, params));
  const auto& made = core->vms.at(slot_of(handle));
  auto& vm = guest_vm(slot_of(handle));
  reset_guest_vm(vm);
  vm.handle = handle.value();
  vm.protected_vm = made.prot;
  vm.rsi = made.rsi;
  vm.ipa_bits = made.ipa_bits;
  vm.vttbr = made.root.value() | (made.vmid().value() << 48);
  vm.vtcr = vtcr_for(machine().features, made.ipa_bits, 1);
  vm.finalised = false;
  if (made.prot) begin_measurement(vm.measurements, made.ipa_bits);
  return handle.value();
}

auto vm_set_ram(const CallRegisters& x) noexcept -> Result<std::uint64_t> {
  Locked core{core_state()};
  const VmHandle handle{x[1]};
  RD_TRY_ASSIGN(done, core::vm_set_ram(*core, handle, Gfn{x[2]}, pages_for_one_call(Gfn{x[2]}, x[3])));
  measure_ram(guest_vm(slot_of(handle)).measurements, ipa_of(Gfn{x[2]}), ipa_of(Gfn{x[2] + done}));
  return done;
}

auto vm_finalise(const CallRegisters& x) noexcept -> Result<> {
  Locked core{core_state()};
  const VmHandle handle{x[1]};
  RD_TRY_ASSIGN(found, core->vms.find_alive(handle));
  auto& vm = guest_vm(slot_of(handle));
  const auto vcpus = vm.nr_vcpus.load();
  // vCPUs that came after VM_SET_GIC may have made the redistributors run into something.
  if (vm.nr_irqs != 0 && !valid_gic(*found, vcpus, vm.gicd_ipa, vm.gicr_ipa, vm.nr_irqs)) {
    return Unexpected{Error::INVALID};
  }
  RD_TRY(core::vm_finalise(*core, handle));
  if (vm.protected_vm) measure_entry(vm);
  vm.finalised = true;
  return {};
}

auto vm_teardown(const CallRegisters& x) noexcept -> Result<> {
  Locked core{core_state()};
  return core::vm_teardown(*core, VmHandle{x[1]});
}

auto vm_destroy(const CallRegisters& x) noexcept -> Result<> {
  Locked core{core_state()};
  return core::vm_destroy(*core, VmHandle{x[1]});
}

auto vm_set_gic(const CallRegisters& x) noexcept -> Result<> {
  Locked core{core_state()};
  const VmHandle handle{x[1]};
  RD_TRY_ASSIGN(found, core->vms.find_alive(handle));
  if (found->state != core::VmState::building) return Unexpected{Error::FROZEN};
  auto& vm = guest_vm(slot_of(handle));
  if (x[4] != 0 && !valid_gic(*found, vm.nr_vcpus.load(), x[2], x[3], x[4])) return Unexpected{Error::INVALID};
  vm.gicd_ipa = x[2];
  vm.gicr_ipa = x[3];
  vm.nr_irqs = static_cast<std::uint32_t>(x[4]);
  return {};
}

auto vm_info(const CallRegisters& x) noexcept -> Result<std::uint64_t> {
  Locked core{core_state()};
  RD_TRY_ASSIGN(vm, core->vms.find(VmHandle{x[1]}));
  switch (x[2]) {
    case RD_VM_INFO_STATE: return static_cast<std::uint64_t>(vm->state);
    case RD_VM_INFO_MAPPED_PAGES: return vm->mapped_pages;
    case RD_VM_INFO_META_PAGES: return std::uint64_t{vm->meta_pages};
    case RD_VM_INFO_POOL_PAGES: return vm->pool.size();
    default: return Unexpected{Error::INVALID};
  }
}

auto mem_donate_image(const CallRegisters& x) noexcept -> Result<> {
  Locked core{core_state()};
  const VmHandle handle{x[1]};
  const Gfn gfn{x[2]};
  const auto measure = [handle, gfn](Pfn page) noexcept {
    const Window window{page};
    measure_page(guest_vm(slot_of(handle)).measurements, ipa_of(gfn), window.page());
  };
  return core::mem_donate_image(*core, handle, gfn, Pfn{x[3]}, measure);
}

}  // namespace redoubt::hyp
