// SPDX-License-Identifier: Apache-2.0
// GICv3 driver (Arm IHI 0069H), one security state, affinity routing, group 1, no LPIs.
#pragma once

#include <cstdint>

#include "guest/sdk/machine.hpp"

namespace redoubt::guest::gic {

struct Intid {
  std::uint32_t value = 0;
  constexpr auto operator<=>(const Intid&) const noexcept = default;
};

inline constexpr Intid kTimerPpi{27};
inline constexpr Intid kSpurious{1023};
inline constexpr std::uint8_t kPriorityNormal = 0xa0;
inline constexpr std::uint8_t kPriorityHigh = 0x40;
inline constexpr std::uint8_t kMaskNothing = 0xf0;  // ICC_PMR: every priority above 0xf0 in urgency is signalled

// Runs for each acknowledged interrupt, IRQs masked, before its completion.
using Handler = void (*)(Intid) noexcept;

// Once, on the boot CPU: distributor on, all SPIs disabled in group 1, handler installed.
void init_distributor(Handler handler) noexcept;

// On each CPU: wakes its redistributor, SGIs and PPIs in group 1 and disabled, CPU interface on. False: it has none.
[[nodiscard]] auto init_cpu() noexcept -> bool;

// SGIs and PPIs are those of the calling CPU.
void enable(Intid intid, std::uint8_t priority) noexcept;
void disable(Intid intid) noexcept;
void set_edge(Intid intid, bool edge) noexcept;
void set_pending(Intid intid) noexcept;
void clear_pending(Intid intid) noexcept;
[[nodiscard]] auto is_enabled(Intid intid) noexcept -> bool;
[[nodiscard]] auto is_pending(Intid intid) noexcept -> bool;
[[nodiscard]] auto is_active(Intid intid) noexcept -> bool;
[[nodiscard]] auto priority(Intid intid) noexcept -> std::uint8_t;

// SPIs only.
void route(Intid spi, Mpidr target) noexcept;

// intid 0-15.
void send_sgi(Mpidr target, Intid intid) noexcept;
void send_sgi_to_others(Intid intid) noexcept;

// Sets ICC_PMR_EL1 and answers what the interface made of it.
auto set_priority_mask(std::uint8_t mask) noexcept -> std::uint8_t;

// The calling CPU's redistributor (RD_base), and the distributor.
[[nodiscard]] auto redistributor() noexcept -> volatile std::byte*;
[[nodiscard]] auto distributor() noexcept -> volatile std::byte*;

}  // namespace redoubt::guest::gic
