// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "vgic/spi_set.hpp"

#include <bit>

namespace redoubt::vgic {
namespace {

constexpr std::uint32_t kRequestFlags = kSpiPending | kSpiActive | kSpiLevel | kSpiGroup1;

}  // namespace

auto validate_spi_request(const SpiRequest& request, std::uint32_t nr_irqs) noexcept -> Result<> {
  const std::uint32_t limit = nr_irqs < kMaxIrqs ? nr_irqs : kMaxIrqs;
  if (request.intid.private_irq() || request.intid.value() >= limit) return Unexpected{Error::INVALID};
  if ((request.flags & ~kRequestFlags) != 0) return Unexpected{Error::INVALID};
  return {};
}

void SpiSet::load(std::span<const SpiRequest> requests, std::uint32_t nr_irqs,
                  const SpiEnableMirror* enabled) noexcept {
  const auto count = static_cast<unsigned>(requests.size() < kMaxSpiRequests ? requests.size() : kMaxSpiRequests);
  pending_ = 0;
  active_ = 0;
  for (unsigned i = 0; i < kMaxSpiRequests && i < count_; ++i) slots_[i] = {};
  count_ = static_cast<std::uint8_t>(count);
  for (unsigned i = 0; i < kMaxSpiRequests && i < count; ++i) {
    const SpiRequest& request = requests[i];
    if (!validate_spi_request(request, nr_irqs) || duplicate(i, request.intid)) continue;
    accept(i, request, enabled == nullptr || enabled->enabled(request.intid));
  }
}

// INTID 0 marks a slot that was not accepted and never equals a validated SPI.
auto SpiSet::duplicate(unsigned index, Intid intid) const noexcept -> bool {
  for (unsigned i = 0; i < kMaxSpiRequests && i < index; ++i) {
    if (slots_[i].intid == intid.value()) return true;
  }
  return false;
}

void SpiSet::accept(unsigned index, const SpiRequest& request, bool enabled) noexcept {
  slots_[index] = {.intid = request.intid.value(),
                   .flags = request.flags | kSpiInFlight,
                   .priority = static_cast<std::uint8_t>(request.priority & kPriorityMask)};
  const auto mask = static_cast<std::uint16_t>(1U << index);
  if (enabled && (request.flags & kSpiPending) != 0) pending_ |= mask;
  if ((request.flags & kSpiActive) != 0) active_ |= mask;
}

auto SpiSet::deliverable_with(std::uint64_t ich_vmcr) const noexcept -> bool {
  std::uint32_t candidates = static_cast<std::uint32_t>(pending_) & ~std::uint32_t{active_};
  const std::uint64_t mask = arm64::IchVmcr::VPMR::of(ich_vmcr);
  const bool group0 = arm64::IchVmcr::VENG0::of(ich_vmcr) != 0;
  const bool group1 = arm64::IchVmcr::VENG1::of(ich_vmcr) != 0;
  for (unsigned n = 0; n < kMaxSpiRequests && candidates != 0; ++n) {
    const Slot& slot = slots_[static_cast<unsigned>(std::countr_zero(candidates))];
    if (slot.priority < mask && ((slot.flags & kSpiGroup1) != 0 ? group1 : group0)) return true;
    candidates &= candidates - 1;
  }
  return false;
}

}  // namespace redoubt::vgic
