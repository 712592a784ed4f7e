// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Software-generated interrupts: what a guest's write to ICC_SGI1R_EL1, ICC_SGI0R_EL1 or ICC_ASGI1R_EL1 asks for.
#pragma once

#include <cstdint>

#include "vgic/types.hpp"

namespace redoubt::vgic {

class SgiRequest {
 public:
  // ICC_SGI1R_EL1: reaches the SGI whatever group the target keeps it in (single security state, GICD_CTLR.DS = 1).
  [[nodiscard]] static constexpr auto of_sgi1r(std::uint64_t value) noexcept -> SgiRequest {
    return SgiRequest{value, false};
  }
  // ICC_SGI0R_EL1 and ICC_ASGI1R_EL1: reach only an SGI that the target keeps in group 0.
  [[nodiscard]] static constexpr auto of_sgi0r(std::uint64_t value) noexcept -> SgiRequest {
    return SgiRequest{value, true};
  }

  [[nodiscard]] constexpr auto intid() const noexcept -> Intid {
    return Intid{static_cast<std::uint32_t>(arm64::IccSgiR::INTID::of(value_))};
  }
  [[nodiscard]] constexpr auto broadcast() const noexcept -> bool { return arm64::IccSgiR::IRM::of(value_) != 0; }

  // Whether `target` is addressed when `sender` made the request. Broadcast means all but the sender.
  [[nodiscard]] constexpr auto matches(Affinity target, Affinity sender) const noexcept -> bool {
    if (broadcast()) return target != sender;
    return target.cluster() == cluster() && (target.aff0() >> 4U) == arm64::IccSgiR::RS::of(value_) &&
           ((arm64::IccSgiR::TargetList::of(value_) >> (target.aff0() & 15U)) & 1U) != 0;
  }

  // What the sender ORs atomically (release) into the target's inbox before it kicks the target. Bits 0-15: SGI n for
  // any group; bits 16-31: SGI n only if in group 0, decided by the target in PrivateIrqs::fold_inbox().
  [[nodiscard]] constexpr auto inbox_bits() const noexcept -> std::uint32_t {
    return std::uint32_t{1} << (intid().value() + (group0_only_ ? 16U : 0U));
  }

 private:
  constexpr SgiRequest(std::uint64_t value, bool group0_only) noexcept : value_(value), group0_only_(group0_only) {}
  [[nodiscard]] constexpr auto cluster() const noexcept -> std::uint32_t {
    return static_cast<std::uint32_t>((arm64::IccSgiR::Aff3::of(value_) << 16U) |
                                      (arm64::IccSgiR::Aff2::of(value_) << 8U) | arm64::IccSgiR::Aff1::of(value_));
  }
  std::uint64_t value_;
  bool group0_only_;
};

}  // namespace redoubt::vgic
