// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "kvm/irq_routing.hpp"

namespace redoubt::kvm {
namespace {

constexpr std::uint32_t kMaxPin = arm64::kGicFirstSpecial - arm64::kGicFirstSpi;

auto valid(const RouteRequest& entry) noexcept -> bool {
  return entry.type == kRoutingIrqchip && entry.flags == 0 && entry.chip == 0 && entry.gsi < kMaxRoutes &&
         entry.pin < kMaxPin;
}

}  // namespace

auto IrqRouting::replace(std::span<const RouteRequest> entries) noexcept -> KvmResult<> {
  if (entries.size() > kMaxRoutes) return KvmError{Errno::kInval};
  std::array<std::uint32_t, kMaxRoutes / 32> seen{};
  for (const RouteRequest& entry : entries) {
    if (!valid(entry)) return KvmError{Errno::kInval};
    std::uint32_t& word = seen[entry.gsi / 32];
    const std::uint32_t mask = 1U << (entry.gsi % 32);
    if ((word & mask) != 0) return KvmError{Errno::kInval};
    word |= mask;
  }
  pin_.fill(kNone);
  for (const RouteRequest& entry : entries) pin_[entry.gsi] = static_cast<std::uint16_t>(entry.pin);
  return {};
}

auto IrqRouting::spi_of(std::uint32_t gsi) const noexcept -> std::optional<vgic::Intid> {
  if (gsi >= kMaxRoutes || pin_[gsi] >= kMaxPin) return std::nullopt;
  return vgic::Intid{arm64::kGicFirstSpi + pin_[gsi]};
}

}  // namespace redoubt::kvm
