// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// All KVM state of one virtual machine that needs no kernel object: what struct rk_vm of shim.h is.
#pragma once

#include <cstdint>

#include "abi/hypercall.h"
#include "kvm/gic_attrs.hpp"
#include "kvm/ioevents.hpp"
#include "kvm/irq_routing.hpp"
#include "kvm/memslots.hpp"
#include "kvm/shim.h"
#include "vgic/distributor.hpp"

namespace redoubt::kvm {

// First guest address that is not memory: a protected VM's upper half is the shared alias of the lower.
[[nodiscard]] constexpr auto ipa_limit_of(std::uint32_t ipa_bits, std::uint32_t vm_flags) noexcept -> Ipa {
  const bool aliased = (vm_flags & RD_VM_RSI) != 0;
  return Ipa{std::uint64_t{1} << (aliased ? ipa_bits - 1 : ipa_bits)};
}

// As KVM: 16 vCPUs in each cluster.
[[nodiscard]] constexpr auto affinity_of(std::uint32_t vcpu_id) noexcept -> vgic::Affinity {
  return vgic::Affinity{(vcpu_id & 15U) | ((vcpu_id >> 4U) << 8U)};
}
[[nodiscard]] constexpr auto vcpu_id_of(vgic::Affinity affinity) noexcept -> std::uint32_t {
  return (affinity.packed() & 15U) | ((affinity.packed() >> 8U) << 4U);
}

}  // namespace redoubt::kvm

struct rk_vm {
  rk_vm(std::uint32_t ipa_bits, std::uint32_t flags) noexcept
      : vm_flags(flags),
        slots(redoubt::kvm::ipa_limit_of(ipa_bits, flags)),
        gic(redoubt::kvm::ipa_limit_of(ipa_bits, flags)) {}

  std::uint32_t vm_flags;
  redoubt::kvm::Memslots slots;            // slot lock
  redoubt::kvm::Ioevents ioevents;         // slot lock
  redoubt::kvm::GicAttrs gic;              // VM mutex; constant once frozen
  redoubt::kvm::IrqRouting routing;        // interrupt lock
  redoubt::vgic::Distributor distributor;  // interrupt lock
  bool distributor_live = false;           // interrupt lock: set by INIT, never cleared
};
