// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "vgic/spi_enable_mirror.hpp"

namespace redoubt::vgic {

void SpiEnableMirror::observe_write(MmioOffset offset, AccessSize size, std::uint64_t value) noexcept {
  if (size != AccessSize::Word || !naturally_aligned(offset, size)) return;
  if (offset.value() == arm64::GICD_CTLR) {
    groups_ = GroupEnables::of_ctlr(value);
    return;
  }
  if (offset.value() < arm64::GICD_ISENABLER || offset.value() >= arm64::GICD_ISPENDR) return;
  const auto bits = static_cast<std::uint32_t>(value);
  const std::uint64_t word = (offset.value() / 4) % kWords;
  if (word == 0) return;  // INTID 0-31 live in the redistributor (ARE = 1)
  words_[word] = offset.value() < arm64::GICD_ICENABLER ? words_[word] | bits : words_[word] & ~bits;
}

}  // namespace redoubt::vgic
