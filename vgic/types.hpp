// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Vocabulary of the interrupt model: interrupt number, vCPU affinity, MMIO offset and width, group enables.
#pragma once

#include <bit>
#include <compare>
#include <cstdint>
#include <optional>

#include "arch/arm64_defs/gic.hpp"
#include "base/addr.hpp"

namespace redoubt::vgic {

// An interrupt number, any 32-bit value: whoever indexes with it checks the range first.
class Intid {
 public:
  constexpr Intid() noexcept = default;
  constexpr explicit Intid(std::uint32_t value) noexcept : value_(value) {}
  [[nodiscard]] constexpr auto value() const noexcept -> std::uint32_t { return value_; }
  [[nodiscard]] constexpr auto private_irq() const noexcept -> bool { return value_ < arm64::kGicFirstSpi; }
  constexpr auto operator<=>(const Intid&) const noexcept = default;

 private:
  std::uint32_t value_ = 0;
};

inline constexpr Intid kVirtualTimerIntid{arm64::kGicVirtualTimerPpi};

// Aff3.Aff2.Aff1.Aff0 packed into 32 bits, the layout of GICR_TYPER[63:32].
class Affinity {
 public:
  constexpr Affinity() noexcept = default;
  constexpr explicit Affinity(std::uint32_t packed) noexcept : packed_(packed) {}
  [[nodiscard]] static constexpr auto of_mpidr(std::uint64_t mpidr) noexcept -> Affinity {
    return Affinity{static_cast<std::uint32_t>((mpidr & 0x00ff'ffffU) | ((mpidr >> 8U) & 0xff00'0000U))};
  }
  [[nodiscard]] constexpr auto packed() const noexcept -> std::uint32_t { return packed_; }
  [[nodiscard]] constexpr auto aff0() const noexcept -> std::uint32_t { return packed_ & 0xffU; }
  [[nodiscard]] constexpr auto cluster() const noexcept -> std::uint32_t { return packed_ >> 8U; }  // Aff3.Aff2.Aff1
  constexpr auto operator<=>(const Affinity&) const noexcept = default;

 private:
  std::uint32_t packed_ = 0;
};

// Byte offset from the start of an emulated frame. For a redistributor: 0 is RD_base, 0x10000 is SGI_base.
using MmioOffset = detail::Quantity<struct MmioOffsetTag>;

enum class AccessSize : std::uint8_t { Byte = 1, Half = 2, Word = 4, Double = 8 };

// Width of an access of 1, 2, 4 or 8 bytes; nothing for any other number.
[[nodiscard]] constexpr auto access_size(std::uint64_t bytes) noexcept -> std::optional<AccessSize> {
  if (bytes == 0 || bytes > 8 || !std::has_single_bit(bytes)) return std::nullopt;
  return static_cast<AccessSize>(bytes);
}

[[nodiscard]] constexpr auto naturally_aligned(MmioOffset offset, AccessSize size) noexcept -> bool {
  return (offset.value() & (static_cast<std::uint64_t>(size) - 1)) == 0;
}

// GICD_CTLR.EnableGrp0 and EnableGrp1. Zero, as after reset, delivers nothing.
class GroupEnables {
 public:
  constexpr GroupEnables() noexcept = default;
  [[nodiscard]] static constexpr auto of_ctlr(std::uint64_t gicd_ctlr) noexcept -> GroupEnables {
    GroupEnables groups;
    groups.bits_ = static_cast<std::uint32_t>(gicd_ctlr & kBits);
    return groups;
  }
  [[nodiscard]] constexpr auto group0() const noexcept -> bool { return (bits_ & 1U) != 0; }
  [[nodiscard]] constexpr auto group1() const noexcept -> bool { return (bits_ & 2U) != 0; }
  [[nodiscard]] constexpr auto ctlr_bits() const noexcept -> std::uint32_t { return bits_; }

 private:
  static constexpr std::uint64_t kBits = arm64::GicdCtlr::EnableGrp0::kMask | arm64::GicdCtlr::EnableGrp1::kMask;
  std::uint32_t bits_ = 0;
};

// Five priority bits are implemented: the low three of every priority field read as zero (IHI 0069 4.8).
inline constexpr std::uint8_t kPriorityMask = 0xf8;
inline constexpr std::uint32_t kPriorityWordMask = 0xf8f8'f8f8;

// GICD_IIDR and GICR_IIDR: product 'R', implementer Arm (JEP106 0x43b), because the programmer's model is Arm's.
inline constexpr std::uint32_t kIidr = 0x5200'043b;

}  // namespace redoubt::vgic
