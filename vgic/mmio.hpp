// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// What the redistributor and distributor frames have in common: register parts and identification registers.
#pragma once

#include <cstdint>

#include "vgic/types.hpp"

namespace redoubt::vgic::detail {

// The part of a 64-bit register that an aligned 32- or 64-bit access at `offset` sees; narrower accesses see zero.
[[nodiscard]] constexpr auto part_of(std::uint64_t value, MmioOffset offset, AccessSize size) noexcept
    -> std::uint64_t {
  if (size == AccessSize::Double) return value;
  if (size != AccessSize::Word) return 0;
  return (offset.value() & 4U) != 0 ? value >> 32U : value & 0xffff'ffffU;
}

// One byte of a 32-bit word of four priorities.
[[nodiscard]] constexpr auto byte_of(std::uint32_t word, MmioOffset offset) noexcept -> std::uint64_t {
  return (word >> (8U * (offset.value() & 3U))) & 0xffU;
}
[[nodiscard]] constexpr auto with_byte(std::uint32_t word, MmioOffset offset, std::uint64_t value) noexcept
    -> std::uint32_t {
  const auto shift = static_cast<unsigned>(8U * (offset.value() & 3U));
  return (word & ~(0xffU << shift)) | (static_cast<std::uint32_t>(value & 0xffU) << shift);
}

// PIDR4..CIDR3 at 0xffd0: JEP106 Arm, GIC architecture 3 (IHI 0069 12.1); `part` is PIDR0, the part number's low byte.
[[nodiscard]] constexpr auto id_register(MmioOffset offset, std::uint8_t part) noexcept -> std::uint64_t {
  switch (offset.value()) {
    case arm64::GIC_PIDR4: return 0x44;
    case arm64::GIC_PIDR2 - 8: return part;
    case arm64::GIC_PIDR2 - 4: return 0xb4;
    case arm64::GIC_PIDR2: return 0x3b;
    case arm64::GIC_PIDR2 + 8: return 0x0d;
    case arm64::GIC_PIDR2 + 12: return 0xf0;
    case arm64::GIC_PIDR2 + 16: return 0x05;
    case arm64::GIC_PIDR2 + 20: return 0xb1;
    default: return 0;
  }
}

}  // namespace redoubt::vgic::detail
