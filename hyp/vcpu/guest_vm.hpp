// SPDX-License-Identifier: Apache-2.0
// What EL2 knows about a VM besides its memory (which is core's): its vCPUs, its interrupt controller, its realm state.
// Written under the core lock while no vCPU is loaded, unless a member says otherwise.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "abi/hypercall.h"
#include "arch/arm64/el2/spinlock.hpp"
#include "base/addr.hpp"
#include "hyp/vcpu/measurement.hpp"
#include "hyp/vcpu/vcpu.hpp"
#include "vgic/spi_enable_mirror.hpp"

namespace redoubt::hyp {

struct GuestVm {
  std::uint64_t handle;
  bool protected_vm;
  bool rsi;
  bool finalised;
  std::atomic<bool> realm_configured;  // RSI_REALM_CONFIG was answered: the kernel knows that it is a realm
  std::uint32_t ipa_bits;
  std::atomic<std::uint32_t> nr_vcpus;  // highest index created so far + 1: the redistributors the guest sees
  std::uint64_t vttbr, vtcr;
  std::uint64_t gicd_ipa, gicr_ipa;      // gicr_ipa: nr_vcpus contiguous frame pairs
  std::uint32_t nr_irqs;                 // 0: the VM has no GIC
  arm64::SpinLock gic_lock;              // guards writes to spi_mirror
  std::atomic<std::uint32_t> gicd_ctlr;  // group enables, learnt from the guest's writes
  vgic::SpiEnableMirror spi_mirror;
  Measurements measurements;  // under the core lock
  std::array<std::atomic<Vcpu*>, RD_MAX_VCPUS> vcpus;

  // The shared half of a protected VM's address space, or nothing for other VMs.
  [[nodiscard]] auto shared_bit() const noexcept -> std::uint64_t {
    return protected_vm ? std::uint64_t{1} << (ipa_bits - 1) : 0;
  }
};

inline constexpr std::uint64_t kGicdBytes = 0x10000;

// Static storage by slot. A vCPU that is loaded keeps its VM from being torn down, so its GuestVm is stable.
[[nodiscard]] auto guest_vm(unsigned slot) noexcept -> GuestVm&;

}  // namespace redoubt::hyp
