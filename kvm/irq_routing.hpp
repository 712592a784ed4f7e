// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// KVM_SET_GSI_ROUTING: which SPI a global interrupt number (of an irqfd) raises. Chip entries only; there are no MSIs.
//
// Called under the VM's interrupt lock.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "kvm/errno.hpp"
#include "vgic/types.hpp"

namespace redoubt::kvm {

inline constexpr std::uint32_t kMaxRoutes = 1024;
inline constexpr std::uint32_t kRoutingIrqchip = 1;  // KVM_IRQ_ROUTING_IRQCHIP

// struct kvm_irq_routing_entry, unvalidated, as far as chip entries need it.
struct RouteRequest {
  std::uint32_t gsi;
  std::uint32_t type;
  std::uint32_t flags;
  std::uint32_t chip;
  std::uint32_t pin;  // SPI number: INTID - 32
};

class IrqRouting {
 public:
  // Default, as KVM: GSI n is SPI n (INTID n + 32).
  constexpr IrqRouting() noexcept { reset(); }

  // Replaces the table; nothing changes on error. kInval: a type other than irqchip, flags, a chip other than 0, an SPI or
  // GSI out of range, a GSI named twice.
  [[nodiscard]] auto replace(std::span<const RouteRequest> entries) noexcept -> KvmResult<>;
  [[nodiscard]] auto spi_of(std::uint32_t gsi) const noexcept -> std::optional<vgic::Intid>;

 private:
  static constexpr std::uint16_t kNone = 0xffff;
  constexpr void reset() noexcept {
    for (std::uint32_t gsi = 0; gsi < kMaxRoutes; ++gsi) pin_[gsi] = static_cast<std::uint16_t>(gsi);
  }
  std::array<std::uint16_t, kMaxRoutes> pin_{};
};

}  // namespace redoubt::kvm
