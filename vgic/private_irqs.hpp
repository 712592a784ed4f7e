// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// State of the private interrupts (INTID 0-31: SGI and PPI) of one vCPU.
//
// Owner: the CPU on which the vCPU is loaded (or, while it is loaded nowhere, whoever holds its lock). Other vCPUs
// reach it only through an atomic 32-bit inbox kept by the caller, see fold_inbox().
//
// Ownership of pending and active: while an interrupt sits in a list register (between compose() and fold()), the
// register owns its active bit and, for an SGI, its pending bit. Every function below that reads or writes pending or
// active state therefore presupposes that the list registers were folded back. See vgic/list_registers.hpp.
//
// All-zero memory is the reset state: everything disabled, group 1, priority 0, redistributor asleep.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "vgic/types.hpp"

namespace redoubt::vgic {

class PrivateIrqs {
 public:
  // SGIs are edge-triggered and PPIs level-sensitive; neither can be changed (IHI 0069 12.11.7 lets PPIs be fixed).
  static constexpr std::uint32_t kEdgeMask = 0x0000'ffff;
  static constexpr unsigned kPriorityWords = 8;

  // Distributor-wide group enables, learnt by the caller from the guest's GICD_CTLR writes. Call before compose().
  constexpr void set_groups(GroupEnables groups) noexcept { groups_ = groups; }

  // Input line of a PPI. Ignored for an INTID that is not a PPI.
  constexpr void set_level(Intid ppi, bool high) noexcept {
    if (ppi.value() < arm64::kGicFirstPpi || !ppi.private_irq()) return;
    const std::uint32_t mask = std::uint32_t{1} << ppi.value();
    line_ = high ? (line_ | mask) : (line_ & ~mask);
  }

  // SGIs sent by any vCPU since the last call: the caller exchanges its atomic inbox with 0 and passes what it held.
  // Layout: SgiRequest::inbox_bits(). A group-0-only request for an SGI that this vCPU keeps in group 1 is dropped.
  constexpr void fold_inbox(std::uint32_t bits) noexcept { latch_ |= (bits & kEdgeMask) | ((bits >> 16U) & group0_); }

  // Interrupts a CPU interface should be offered: pending, enabled, group enabled at the distributor, not yet active.
  [[nodiscard]] constexpr auto deliverable() const noexcept -> std::uint32_t { return offerable() & ~active_; }

  // The same, without excluding active ones: an SGI may be active and pending at once.
  [[nodiscard]] constexpr auto offerable() const noexcept -> std::uint32_t {
    return (latch_ | line_) & enable_ & group_mask();
  }

  // Interrupts that belong into a list register.
  [[nodiscard]] constexpr auto presentable() const noexcept -> std::uint32_t { return offerable() | active_; }

  // The virtual timer's line is high or its interrupt is active.
  [[nodiscard]] constexpr auto timer_busy() const noexcept -> bool {
    return (((line_ | active_) >> kVirtualTimerIntid.value()) & 1U) != 0;
  }

  // Whether one of the deliverable would interrupt a vCPU with this ICH_VMCR_EL2: group enabled at the CPU interface
  // and priority above the mask. The running priority is not considered; ending a WFI early is allowed, not ending it
  // is not.
  [[nodiscard]] auto deliverable_with(std::uint64_t ich_vmcr) const noexcept -> bool;

  [[nodiscard]] constexpr auto priority(Intid irq) const noexcept -> std::uint8_t {
    const std::uint32_t index = irq.value() & 31U;
    return static_cast<std::uint8_t>(priority_[index / 4] >> (8U * (index % 4)));
  }
  [[nodiscard]] constexpr auto group1(Intid irq) const noexcept -> bool {
    return ((group0_ >> (irq.value() & 31U)) & 1U) == 0;
  }

  // GICR_IGROUPR0, ISENABLER0, ISPENDR0, ISACTIVER0, IPRIORITYRn and their clearing twins (IHI 0069 12.11).
  [[nodiscard]] constexpr auto group1_bits() const noexcept -> std::uint32_t { return ~group0_; }
  [[nodiscard]] constexpr auto enabled_bits() const noexcept -> std::uint32_t { return enable_; }
  [[nodiscard]] constexpr auto pending_bits() const noexcept -> std::uint32_t { return latch_ | line_; }
  [[nodiscard]] constexpr auto active_bits() const noexcept -> std::uint32_t { return active_; }
  [[nodiscard]] constexpr auto priority_word(unsigned word) const noexcept -> std::uint32_t {
    return priority_[word % kPriorityWords];
  }
  constexpr void set_group1_bits(std::uint32_t value) noexcept { group0_ = ~value; }
  constexpr void enable(std::uint32_t value) noexcept { enable_ |= value; }
  constexpr void disable(std::uint32_t value) noexcept { enable_ &= ~value; }
  constexpr void set_pending(std::uint32_t value) noexcept { latch_ |= value; }
  constexpr void clear_pending(std::uint32_t value) noexcept { latch_ &= ~value; }
  constexpr void activate(std::uint32_t value) noexcept { active_ |= value; }
  constexpr void deactivate(std::uint32_t value) noexcept { active_ &= ~value; }
  constexpr void set_priority_word(unsigned word, std::uint32_t value) noexcept {
    priority_[word % kPriorityWords] = value & kPriorityWordMask;
  }
  [[nodiscard]] constexpr auto asleep() const noexcept -> bool { return awake_ == 0; }
  constexpr void set_asleep(bool asleep) noexcept { awake_ = asleep ? 0 : 1; }

 private:
  friend class Composer;
  friend class Folder;

  [[nodiscard]] constexpr auto group_mask() const noexcept -> std::uint32_t {
    return (groups_.group0() ? group0_ : 0U) | (groups_.group1() ? ~group0_ : 0U);
  }

  std::uint32_t enable_ = 0;
  std::uint32_t group0_ = 0;  // inverted IGROUPR0, so that zero is the reset state
  std::uint32_t latch_ = 0;   // SGI: pending. PPI: made pending by software, until acknowledged
  std::uint32_t line_ = 0;    // PPI input level
  std::uint32_t active_ = 0;
  std::uint32_t awake_ = 0;
  GroupEnables groups_;
  std::array<std::uint32_t, kPriorityWords> priority_{};
};

static_assert(std::is_trivially_copyable_v<PrivateIrqs>);

}  // namespace redoubt::vgic
