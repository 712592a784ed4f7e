// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// List registers back to interrupt state.
#include <bit>

#include "vgic/list_registers.hpp"

namespace redoubt::vgic {
namespace {

using Lr = arm64::IchLr;

constexpr unsigned kMaxEoiCount = static_cast<unsigned>(arm64::IchHcr::EOIcount::kMax);

}  // namespace

class Folder {
 public:
  Folder(PrivateIrqs& irqs, SpiSet& spis, LrFile& file) noexcept : irqs_(irqs), spis_(spis), file_(file) {}

  // Runs before take_back(): until then the active bits that are set in irqs_ are those without a register.
  void end_unlisted(unsigned count) noexcept {
    std::uint32_t spis = spis_.active_;
    for (unsigned n = 0; n < arm64::kGicMaxLrs && n < file_.used; ++n) {
      if (file_.source[n] != LrFile::kNotSpi) spis &= ~(std::uint32_t{1} << file_.source[n]);
    }
    for (unsigned n = 0; n < kMaxEoiCount && n < count; ++n) end_most_urgent(spis);
  }

  void take_back() noexcept {
    for (unsigned n = 0; n < arm64::kGicMaxLrs && n < file_.used; ++n) {
      const bool offered = ((file_.offered_pending >> n) & 1U) != 0;
      if (file_.source[n] == LrFile::kNotSpi) {
        take_private(file_.lr[n], offered);
      } else {
        take_spi(file_.source[n], file_.lr[n], offered);
      }
    }
    file_.used = 0;
    file_.offered_pending = 0;
    file_.hints = 0;
  }

  [[nodiscard]] auto level_spi_ended() const noexcept -> bool { return level_spi_ended_; }

 private:
  // An SGI's pending bit was moved out and comes back; a PPI's latch stayed and is consumed by the acknowledgement.
  void take_private(std::uint64_t lr, bool offered) noexcept {
    const std::uint32_t mask = std::uint32_t{1} << (Lr::VINTID::of(lr) % arm64::kGicFirstSpi);
    const bool pending = Lr::Pending::of(lr) != 0;
    if ((PrivateIrqs::kEdgeMask & mask) != 0) {
      if (pending) irqs_.latch_ |= mask;
    } else if (offered && !pending) {
      irqs_.latch_ &= ~mask;
    }
    if (Lr::Active::of(lr) != 0) irqs_.active_ |= mask;
  }

  void take_spi(unsigned index, std::uint64_t lr, bool offered) noexcept {
    SpiSet::Slot& slot = spis_.slots_[index % kMaxSpiRequests];
    const auto mask = static_cast<std::uint16_t>(1U << (index % kMaxSpiRequests));
    const bool pending = Lr::Pending::of(lr) != 0;
    const bool active = Lr::Active::of(lr) != 0;
    if (offered && !pending) {
      slot.flags &= ~kSpiPending;
      spis_.pending_ = static_cast<std::uint16_t>(spis_.pending_ & ~mask);
    }
    set_active(slot, mask, active);
    if (!pending && !active && (slot.flags & kSpiLevel) != 0) level_spi_ended_ = true;
  }

  void set_active(SpiSet::Slot& slot, std::uint16_t mask, bool active) noexcept {
    slot.flags = active ? slot.flags | kSpiActive : slot.flags & ~kSpiActive;
    spis_.active_ = static_cast<std::uint16_t>(active ? spis_.active_ | mask : spis_.active_ & ~mask);
  }

  void end_most_urgent(std::uint32_t& spis) noexcept {
    const unsigned irq = best_private();
    const unsigned index = best_spi(spis);
    const bool shared = spis != 0 && (irqs_.active_ == 0 || spis_.slots_[index].priority < irqs_.priority(Intid{irq}));
    if (!shared) {
      irqs_.active_ &= ~(std::uint32_t{1} << irq);
      return;
    }
    spis &= ~(std::uint32_t{1} << index);
    set_active(spis_.slots_[index], static_cast<std::uint16_t>(1U << index), false);
    if ((spis_.slots_[index].flags & kSpiLevel) != 0) level_spi_ended_ = true;
  }

  // Index of the most urgent; 0 if there is none.
  [[nodiscard]] auto best_private() const noexcept -> unsigned {
    unsigned best = static_cast<unsigned>(std::countr_zero(irqs_.active_)) % arm64::kGicFirstSpi;
    std::uint32_t rest = irqs_.active_;
    for (unsigned n = 0; n < arm64::kGicFirstSpi && rest != 0; ++n, rest &= rest - 1) {
      const auto irq = static_cast<unsigned>(std::countr_zero(rest));
      if (irqs_.priority(Intid{irq}) < irqs_.priority(Intid{best})) best = irq;
    }
    return best;
  }

  [[nodiscard]] auto best_spi(std::uint32_t rest) const noexcept -> unsigned {
    unsigned best = static_cast<unsigned>(std::countr_zero(rest)) % kMaxSpiRequests;
    for (unsigned n = 0; n < kMaxSpiRequests && rest != 0; ++n, rest &= rest - 1) {
      const auto index = static_cast<unsigned>(std::countr_zero(rest));
      if (spis_.slots_[index].priority < spis_.slots_[best].priority) best = index;
    }
    return best;
  }

  PrivateIrqs& irqs_;
  SpiSet& spis_;
  LrFile& file_;
  bool level_spi_ended_ = false;
};

auto fold(PrivateIrqs& irqs, SpiSet& spis, LrFile& file, unsigned eoi_count) noexcept -> FoldResult {
  if (file.used == 0) return {.level_spi_ended = false};
  Folder folder{irqs, spis, file};
  if (eoi_count != 0) folder.end_unlisted(eoi_count);
  folder.take_back();
  return {.level_spi_ended = folder.level_spi_ended()};
}

}  // namespace redoubt::vgic
