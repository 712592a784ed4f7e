// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Interrupt state to list registers.
#include <bit>
#include <optional>

#include "vgic/list_registers.hpp"

namespace redoubt::vgic {
namespace {

using Lr = arm64::IchLr;

// Whether `mask` has more than `limit` bits; cheaper than a population count without SIMD registers.
constexpr auto more_bits_than(std::uint64_t mask, unsigned limit) noexcept -> bool {
  for (unsigned n = 0; n < arm64::kGicMaxLrs && n < limit && mask != 0; ++n) mask &= mask - 1;
  return mask != 0;
}

constexpr auto lowest(std::uint32_t mask) noexcept -> unsigned { return static_cast<unsigned>(std::countr_zero(mask)); }

}  // namespace

class Composer {
 public:
  Composer(PrivateIrqs& irqs, SpiSet& spis, const GicCpuConfig& config, LrFile& file) noexcept
      : irqs_(irqs), spis_(spis), config_(config), file_(file) {}

  // All of them fit: no order is needed, the CPU interface picks by the priorities in the registers.
  void place_all(std::uint32_t privates, std::uint32_t spis) noexcept {
    for (unsigned n = 0; n < arm64::kGicMaxLrs && privates != 0; ++n, privates &= privates - 1) {
      place_private(lowest(privates));
    }
    for (unsigned n = 0; n < arm64::kGicMaxLrs && spis != 0; ++n, spis &= spis - 1) place_spi(lowest(spis));
  }

  void place_most_urgent(unsigned nr_lrs) noexcept {
    private_active_ = irqs_.active_;
    private_pending_ = irqs_.deliverable();
    spi_active_ = spis_.active_;
    spi_pending_ = static_cast<std::uint32_t>(spis_.pending_) & ~spi_active_;
    for (unsigned n = 0; n < arm64::kGicMaxLrs && n < nr_lrs; ++n) place_next(n + 1 == nr_lrs);
    file_.hints = hints();
  }

 private:
  // Active ones come first: the guest's end-of-interrupt must find them. Private before SPI, so that a host that
  // invents active SPIs evicts no trusted interrupt; for the same reason the last register goes to a pending private
  // one.
  void place_next(bool last) noexcept {
    if (last && private_pending_ != 0 && !pending_private_placed_) {
      take_private(private_pending_);
    } else if (private_active_ != 0) {
      take_private(private_active_);
    } else if (spi_active_ != 0) {
      take_spi(spi_active_);
    } else if (private_pending_ != 0 && (spi_pending_ == 0 || private_wins())) {
      pending_private_placed_ = true;
      take_private(private_pending_);
    } else if (spi_pending_ != 0) {
      take_spi(spi_pending_);
    }
  }

  [[nodiscard]] auto private_wins() const noexcept -> bool {
    return irqs_.priority(Intid{best_private(private_pending_)}) <= spis_.slots_[best_spi(spi_pending_)].priority;
  }

  void take_private(std::uint32_t& from) noexcept {
    const unsigned irq = best_private(from);
    from &= ~(std::uint32_t{1} << irq);
    place_private(irq);
  }

  void take_spi(std::uint32_t& from) noexcept {
    const unsigned index = best_spi(from);
    from &= ~(std::uint32_t{1} << index);
    place_spi(index);
  }

  // Lowest priority value, then lowest INTID.
  [[nodiscard]] auto best_private(std::uint32_t mask) const noexcept -> unsigned {
    unsigned best = lowest(mask);
    for (unsigned n = 0; n < arm64::kGicFirstSpi && mask != 0; ++n, mask &= mask - 1) {
      if (irqs_.priority(Intid{lowest(mask)}) < irqs_.priority(Intid{best})) best = lowest(mask);
    }
    return best;
  }

  [[nodiscard]] auto best_spi(std::uint32_t mask) const noexcept -> unsigned {
    unsigned best = lowest(mask);
    for (unsigned n = 0; n < kMaxSpiRequests && mask != 0; ++n, mask &= mask - 1) {
      if (spis_.slots_[lowest(mask)].priority < spis_.slots_[best].priority) best = lowest(mask);
    }
    return best;
  }

  // A level-sensitive interrupt is never presented active and pending: what follows the end of the active one depends
  // on the line then. State 11 is also reserved with HW = 1 (IHI 0069 12.4.8).
  void place_private(unsigned irq) noexcept {
    const std::uint32_t mask = std::uint32_t{1} << irq;
    const bool edge = (PrivateIrqs::kEdgeMask & mask) != 0;
    const bool active = (irqs_.active_ & mask) != 0;
    const bool pending = (irqs_.offerable() & mask) != 0 && (edge || !active);
    std::uint64_t lr = Lr::VINTID::make(irq) | Lr::Priority::make(irqs_.priority(Intid{irq}) & config_.priority_mask) |
                       Lr::Group::make(irqs_.group1(Intid{irq}) ? 1 : 0);
    if (irq == kVirtualTimerIntid.value() && config_.timer_pintid != 0) {
      lr |= Lr::HW::kMask | Lr::PINTID::make(config_.timer_pintid);
      file_.hold_timer = true;
    } else if (!edge) {
      lr |= Lr::EOI::kMask;
    }
    if (edge && pending) irqs_.latch_ &= ~mask;
    irqs_.active_ &= ~mask;
    put(lr, pending, active, LrFile::kNotSpi);
  }

  void place_spi(unsigned index) noexcept {
    const SpiSet::Slot& slot = spis_.slots_[index];
    const bool level = (slot.flags & kSpiLevel) != 0;
    const bool active = ((spis_.active_ >> index) & 1U) != 0;
    const bool pending = ((spis_.pending_ >> index) & 1U) != 0 && !(level && active);
    const std::uint64_t lr = Lr::VINTID::make(slot.intid) | Lr::Priority::make(slot.priority & config_.priority_mask) |
                             Lr::Group::make((slot.flags & kSpiGroup1) != 0 ? 1 : 0) | Lr::EOI::make(level ? 1 : 0);
    put(lr, pending, active, static_cast<std::uint8_t>(index));
  }

  void put(std::uint64_t lr, bool pending, bool active, std::uint8_t source) noexcept {
    const unsigned n = file_.used;
    if (n >= arm64::kGicMaxLrs) return;
    file_.lr[n] = lr | Lr::Pending::make(pending ? 1 : 0) | Lr::Active::make(active ? 1 : 0);
    file_.source[n] = source;
    if (pending) file_.offered_pending = static_cast<std::uint16_t>(file_.offered_pending | (1U << n));
    only_pending_placed_ = only_pending_placed_ || (pending && !active);
    file_.used = static_cast<std::uint8_t>(n + 1);
  }

  // NPIE fires while no register has State = pending, UIE while at most one is valid (IHI 0069 12.4.7): each is asked
  // for only if it is not true already, or the guest would never get to run.
  [[nodiscard]] auto hints() const noexcept -> MaintenanceHints {
    using Hcr = arm64::IchHcr;
    std::uint64_t bits = 0;
    if ((private_pending_ | spi_pending_) != 0) {
      if (file_.used > 1) bits |= Hcr::UIE::kMask;
      if (only_pending_placed_) bits |= Hcr::NPIE::kMask;
    }
    if ((private_active_ | spi_active_) != 0) bits |= Hcr::LRENPIE::kMask;
    return static_cast<MaintenanceHints>(bits);
  }

  PrivateIrqs& irqs_;
  SpiSet& spis_;
  const GicCpuConfig& config_;
  LrFile& file_;
  std::uint32_t private_active_ = 0;  // not yet placed, as the three below
  std::uint32_t private_pending_ = 0;
  std::uint32_t spi_active_ = 0;
  std::uint32_t spi_pending_ = 0;
  bool pending_private_placed_ = false;
  bool only_pending_placed_ = false;
};

void compose(PrivateIrqs& irqs, SpiSet& spis, const GicCpuConfig& config, LrFile& file) noexcept {
  if (file.used != 0) return;
  file.hints = 0;
  file.hold_timer = config.timer_pintid != 0 && irqs.timer_busy();
  file.offered_pending = 0;
  const std::uint32_t privates = irqs.presentable();
  const std::uint32_t shared = spis.presentable();
  if ((privates | shared) == 0) return;
  const unsigned capped = config.nr_lrs < arm64::kGicMaxLrs ? config.nr_lrs : arm64::kGicMaxLrs;
  const unsigned nr_lrs = capped == 0 ? 1 : capped;
  Composer composer{irqs, spis, config, file};
  if (!more_bits_than((std::uint64_t{shared} << 32U) | privates, nr_lrs)) {
    composer.place_all(privates, shared);
  } else {
    composer.place_most_urgent(nr_lrs);
  }
}

}  // namespace redoubt::vgic
