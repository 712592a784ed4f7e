// SPDX-License-Identifier: Apache-2.0
// vCPUs as far as ownership is concerned: their two pages, and on how many CPUs they are (none or one).
#pragma once

#include <cstdint>

#include "core/ownership/hyp_share.hpp"
#include "core/ownership/page_moves.hpp"

namespace redoubt::core {

// What a CPU needs to run a vCPU; valid until vcpu_put.
struct LoadedVcpu {
  Vmid vmid;
  Pa root;
  unsigned ipa_bits = 0;
  bool prot = false;
  bool rsi = false;
  Pfn state;
  Pfn run;
};

// VCPU_CREATE: `state` becomes EL2's, zeroed; `run` stays the host's and EL2 maps it too. NOT_FOUND; DEAD; FROZEN: a
// protected VM is finalised; INVALID: index, same page, not RAM; EXISTS; PERM: page; NO_MEMORY: EL2's own tables.
template <Machine M>
[[nodiscard]] auto vcpu_create(Core<M>& core, VmHandle handle, VcpuIndex index, Pfn state, Pfn run) noexcept
    -> Result<> {
  RD_TRY_ASSIGN(vm, core.vms.find_alive(handle));
  if (vm->prot && vm->state != VmState::building) return Unexpected{Error::FROZEN};
  if (index.value() >= vm->nr_vcpus || state == run) return Unexpected{Error::INVALID};
  Vcpu& vcpu = vm->vcpus[index.value()];
  if (vcpu.exists) return Unexpected{Error::EXISTS};
  RD_TRY_ASSIGN(place, find_exclusive(core, state));
  RD_TRY(find_exclusive(core, run));
  RD_TRY(core.machine.map_hyp(state));
  if (const auto shared = host_share_hyp(core, run); !shared) {
    core.machine.unmap_hyp(state);
    return shared;
  }
  take_meta(core, *vm, place, state);
  vcpu = Vcpu{state, run, true, false};
  ++vm->created_vcpus;
  return {};
}

namespace detail {

[[nodiscard]] inline auto find_vcpu(Vm& vm, VcpuIndex index) noexcept -> Result<Vcpu*> {
  if (index.value() >= vm.nr_vcpus || !vm.vcpus[index.value()].exists) return Unexpected{Error::NOT_FOUND};
  return &vm.vcpus[index.value()];
}

}  // namespace detail

// The calling CPU takes the vCPU. NOT_FOUND; DEAD; PERM: not finalised; BUSY: it is on a CPU.
template <Machine M>
[[nodiscard]] auto vcpu_load(Core<M>& core, VmHandle handle, VcpuIndex index) noexcept -> Result<LoadedVcpu> {
  RD_TRY_ASSIGN(vm, core.vms.find_alive(handle));
  RD_TRY_ASSIGN(vcpu, detail::find_vcpu(*vm, index));
  if (vm->state != VmState::runnable) return Unexpected{Error::PERM};
  if (vcpu->loaded) return Unexpected{Error::BUSY};
  vcpu->loaded = true;
  ++vm->loaded_vcpus;
  return LoadedVcpu{vm->vmid(), vm->root, vm->ipa_bits, vm->prot, vm->rsi, vcpu->state, vcpu->run};
}

// The CPU that loaded the vCPU gives it up, whatever became of the VM. NOT_FOUND; PERM: not loaded.
template <Machine M>
[[nodiscard]] auto vcpu_put(Core<M>& core, VmHandle handle, VcpuIndex index) noexcept -> Result<> {
  RD_TRY_ASSIGN(vm, core.vms.find(handle));
  RD_TRY_ASSIGN(vcpu, detail::find_vcpu(*vm, index));
  if (!vcpu->loaded) return Unexpected{Error::PERM};
  vcpu->loaded = false;
  --vm->loaded_vcpus;
  return {};
}

}  // namespace redoubt::core
