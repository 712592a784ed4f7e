// SPDX-License-Identifier: Apache-2.0
// VCPU_CREATE, VCPU_INIT, VCPU_REG_GET and VCPU_REG_SET.
#include <new>

#include "abi/hypercall.h"
#include "core/vm/vcpu.hpp"
#include "hyp/core_state.hpp"
#include "hyp/host/vm_calls.hpp"
#include "hyp/mm/linear_map.hpp"
#include "hyp/vcpu/guest_vm.hpp"
#include "hyp/vcpu/registers.hpp"
#include "hyp/vcpu/reset_state.hpp"

namespace redoubt::hyp {
namespace {

using core::VcpuIndex;
using core::VmHandle;

struct Target {
  GuestVm* vm;
  Vcpu* vcpu;
};

// A vCPU whose registers the host may look at now: it exists, is on no CPU, and its VM lives.
auto find_idle(Core& core, VmHandle handle, VcpuIndex index) noexcept -> Result<Target> {
  RD_TRY_ASSIGN(found, core.vms.find_alive(handle));
  if (index.value() >= found->nr_vcpus || !found->vcpus[index.value()].exists) return Unexpected{Error::NOT_FOUND};
  if (found->vcpus[index.value()].loaded) return Unexpected{Error::BUSY};
  auto& vm = guest_vm(static_cast<unsigned>(handle.value() & 0xff));
  return Target{&vm, vm.vcpus[index.value()].load(std::memory_order_relaxed)};
}

auto mpidr_of(std::uint64_t index) noexcept -> std::uint64_t { return bit(31) | (index & 15) | ((index >> 4) << 8); }

}  // namespace

auto vcpu_create(const CallRegisters& x) noexcept -> Result<> {
  Locked core{core_state()};
  const VmHandle handle{x[1]};
  RD_TRY(core::vcpu_create(*core, handle, VcpuIndex{x[2]}, Pfn{x[3]}, Pfn{x[4]}));
  auto& vm = guest_vm(static_cast<unsigned>(handle.value() & 0xff));
  auto* const vcpu = new (at_linear<Vcpu>(pa_of(Pfn{x[3]}))) Vcpu{};
  reset_registers(*vcpu);
  vcpu->vm = &vm;
  vcpu->run = at_linear<rd_run>(pa_of(Pfn{x[4]}));
  vcpu->index = static_cast<std::uint32_t>(x[2]);
  vcpu->mpidr = mpidr_of(x[2]);
  // Only the boot vCPU starts by itself.
  vcpu->power.store(x[2] == 0 ? Power::ON : Power::OFF, std::memory_order_relaxed);
  vm.vcpus[x[2]].store(vcpu, std::memory_order_release);
  if (vm.nr_vcpus.load() <= x[2]) vm.nr_vcpus.store(static_cast<std::uint32_t>(x[2]) + 1);
  return {};
}

auto vcpu_init(const CallRegisters& x) noexcept -> Result<> {
  Locked core{core_state()};
  RD_TRY_ASSIGN(target, find_idle(*core, VmHandle{x[1]}, VcpuIndex{x[2]}));
  if ((x[3] & ~std::uint64_t{RD_VCPU_POWERED_OFF}) != 0) return Unexpected{Error::INVALID};
  if (target.vm->protected_vm && target.vm->finalised) return Unexpected{Error::FROZEN};
  const bool off = (x[3] & RD_VCPU_POWERED_OFF) != 0;
  // The first vCPU of a protected VM is the one whose start is measured; the others are started by the guest.
  if (target.vm->protected_vm && off != (target.vcpu->index != 0)) return Unexpected{Error::PERM};
  reset_registers(*target.vcpu);
  target.vcpu->gic.irqs = vgic::PrivateIrqs{};
  target.vcpu->gic.inbox.store(0, std::memory_order_relaxed);
  target.vcpu->power.store(off ? Power::OFF : Power::ON, std::memory_order_release);
  return {};
}

auto vcpu_reg_set(const CallRegisters& x) noexcept -> Result<> {
  Locked core{core_state()};
  RD_TRY_ASSIGN(target, find_idle(*core, VmHandle{x[1]}, VcpuIndex{x[2]}));
  if (target.vm->protected_vm && target.vm->finalised) return Unexpected{Error::FROZEN};
  return set_register(*target.vcpu, RegisterId{x[3]}, {x[4], x[5]}, target.vm->protected_vm);
}

void vcpu_reg_get(Context& host) noexcept {
  Locked core{core_state()};
  const auto& x = host.x;
  const auto target = find_idle(*core, VmHandle{x[1]}, VcpuIndex{x[2]});
  Result<RegisterValue> value = Unexpected{Error::NOT_FOUND};
  if (!target) {
    value = Unexpected{target.error()};
  } else {
    value = get_register(*target->vcpu, RegisterId{x[3]}, target->vm->protected_vm, target->vm->finalised);
  }
  if (!value) {
    host.x[0] = static_cast<std::uint64_t>(status_of(value.error()));
    return;
  }
  host.x[0] = 0;
  host.x[1] = value->low;
  host.x[2] = value->high;
}

}  // namespace redoubt::hyp
