// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Which SPIs the guest has enabled, and the distributor's group enables, learnt from the guest's own GICD writes.
//
// The distributor of a VM is emulated by the host. EL2 sees each guest write to it on the way out and keeps this copy,
// so that a protected guest is never interrupted by an SPI it did not enable. One per VM; the caller serialises.
#pragma once

#include <array>
#include <cstdint>

#include "vgic/types.hpp"

namespace redoubt::vgic {

class SpiEnableMirror {
 public:
  // A guest's write to its GICD frame, before it is relayed. Offsets other than CTLR, ISENABLERn, ICENABLERn: no
  // effect.
  void observe_write(MmioOffset offset, AccessSize size, std::uint64_t value) noexcept;

  // False for anything that is not an SPI (32-1019).
  [[nodiscard]] constexpr auto enabled(Intid spi) const noexcept -> bool {
    const std::uint32_t id = spi.value();
    if (id < arm64::kGicFirstSpi || id >= arm64::kGicFirstSpecial) return false;
    return ((words_[id / 32] >> (id % 32)) & 1U) != 0;
  }
  [[nodiscard]] constexpr auto groups() const noexcept -> GroupEnables { return groups_; }

 private:
  static constexpr std::uint32_t kWords = 32;
  std::array<std::uint32_t, kWords> words_{};
  GroupEnables groups_;
};

}  // namespace redoubt::vgic
