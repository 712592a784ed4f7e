// SPDX-License-Identifier: Apache-2.0
// All VMs, by slot; a slot's number decides its VMID.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "abi/hypercall.h"
#include "base/result.hpp"
#include "core/vm/vm.hpp"

namespace redoubt::core {

class VmTable final {
 public:
  static constexpr std::uint32_t kSlots = RD_MAX_VMS;

  constexpr VmTable() noexcept {
    for (std::uint32_t i = 0; i < kSlots; ++i) vms_[i].slot = i;
  }

  // NOT_FOUND unless `handle` names a VM that exists. Any 64-bit value may be asked for.
  [[nodiscard]] constexpr auto find(VmHandle handle) noexcept -> Result<Vm*> {
    const std::uint64_t slot = handle.value() & 0xff;
    if (slot >= kSlots) return Unexpected{Error::NOT_FOUND};
    Vm& vm = vms_[slot];
    if (vm.state == VmState::free || vm.handle() != handle) return Unexpected{Error::NOT_FOUND};
    return &vm;
  }
  // As find, and alive (DEAD otherwise).
  [[nodiscard]] constexpr auto find_alive(VmHandle handle) noexcept -> Result<Vm*> {
    RD_TRY_ASSIGN(vm, find(handle));
    if (!vm->alive()) return Unexpected{Error::DEAD};
    return vm;
  }
  // BUSY if all slots are taken.
  [[nodiscard]] constexpr auto free_slot() noexcept -> Result<Vm*> {
    for (std::uint32_t i = 0; i < kSlots; ++i) {
      if (vms_[i].state == VmState::free) return &vms_[i];
    }
    return Unexpected{Error::BUSY};
  }
  // Makes the slot free again; its next VM has another handle.
  constexpr void release(Vm& vm) noexcept {
    const std::uint32_t slot = vm.slot;
    const std::uint64_t generation = vm.generation + 1;
    std::construct_at(&vm);  // in place: a VM is too large for a temporary on EL2's stack
    vm.slot = slot;
    vm.generation = generation;
  }

  // slot < kSlots: from a PageEntry or a loop.
  [[nodiscard]] constexpr auto at(std::uint32_t slot) noexcept -> Vm& { return vms_[slot]; }
  [[nodiscard]] constexpr auto at(std::uint32_t slot) const noexcept -> const Vm& { return vms_[slot]; }

 private:
  std::array<Vm, kSlots> vms_{};
};

}  // namespace redoubt::core
