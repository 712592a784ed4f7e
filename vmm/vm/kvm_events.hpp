// SPDX-License-Identifier: Apache-2.0
// Interrupts and doorbells that KVM handles without an exit to the vCPU thread, with the slower way for a KVM that lacks them.
#pragma once

#include <cstdint>

#include "base/addr.hpp"
#include "vmm/vm/irq_line.hpp"
#include "vmm/vm/kvm.hpp"
#include "vmm/vm/unique_fd.hpp"

namespace redoubt::vmm {

// A shared peripheral interrupt of the GIC; number counts from 0 (INTID 32).
struct Spi {
  std::uint32_t number;
};

// Level by KVM_IRQ_LINE; edge by irqfd when KVM has it. Made after the interrupt controller is initialised.
class KvmIrqLine final : public IrqLine {
 public:
  enum class Kind { kLevel, kEdge };
  KvmIrqLine(const KvmVm& vm, Spi spi, Kind kind);
  void set_level(bool high) override;
  void pulse() override;

 private:
  const KvmVm& vm_;
  Spi spi_;
  UniqueFd event_;  // set only when an irqfd is in use
};

// An eventfd that becomes readable when the guest writes `value`, 32 bits, at `address`.
class Doorbell {
 public:
  Doorbell(const KvmVm& vm, Ipa address, std::uint32_t value);
  [[nodiscard]] auto fd() const noexcept -> int { return event_.get(); }
  // What a vCPU thread does when KVM has no ioeventfd and the write arrived as an exit.
  void ring() const;
  void drain() const;

 private:
  UniqueFd event_;
};

}  // namespace redoubt::vmm
