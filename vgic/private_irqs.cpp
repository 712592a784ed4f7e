// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "vgic/private_irqs.hpp"

#include <bit>

namespace redoubt::vgic {

auto PrivateIrqs::deliverable_with(std::uint64_t ich_vmcr) const noexcept -> bool {
  std::uint32_t candidates = deliverable();
  if (candidates == 0) return false;
  candidates &= (arm64::IchVmcr::VENG0::of(ich_vmcr) != 0 ? group0_ : 0U) |
                (arm64::IchVmcr::VENG1::of(ich_vmcr) != 0 ? ~group0_ : 0U);
  const std::uint64_t mask = arm64::IchVmcr::VPMR::of(ich_vmcr);
  for (unsigned n = 0; n < arm64::kGicFirstSpi && candidates != 0; ++n) {
    const Intid irq{static_cast<std::uint32_t>(std::countr_zero(candidates))};
    if (priority(irq) < mask) return true;
    candidates &= candidates - 1;
  }
  return false;
}

}  // namespace redoubt::vgic
