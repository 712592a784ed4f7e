// SPDX-License-Identifier: Apache-2.0
// arm64 vCPU set-up through KVM_ARM_VCPU_INIT and ONE_REG.
#pragma once

#include <cstdint>

#include "base/addr.hpp"
#include "vmm/vm/kvm.hpp"
#include "vmm/vm/vcpu.hpp"

namespace redoubt::vmm::arm64 {

// Features every vCPU of a VM gets. Asked once per VM: KVM wants the same for all.
class CpuModel {
 public:
  explicit CpuModel(const KvmVm& vm);
  // Gives the vCPU its reset state; only the boot vCPU starts powered on.
  void initialise(const Vcpu& vcpu, bool boot) const;
  // After the interrupt controller is initialised.
  void finish(const Vcpu& vcpu) const;
  [[nodiscard]] auto has_pmu() const noexcept -> bool;

 private:
  std::uint32_t features_;
  std::uint32_t target_;
};

// MPIDR_EL1, affinity fields only.
[[nodiscard]] auto affinity_of(const Vcpu& vcpu) -> std::uint64_t;

// The arm64 Linux boot protocol: x0 = device tree, PC = entry, EL1h with interrupts masked.
void set_boot_registers(const Vcpu& vcpu, Ipa entry, Ipa dtb);

}  // namespace redoubt::vmm::arm64
