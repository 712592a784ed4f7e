// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Bit fields of hardware words without C++ bit-fields: position and width are part of the type.
#pragma once

#include <cstdint>

namespace redoubt {

// A mask of `width` ones starting at bit `shift`. width may be 64 when shift is 0.
[[nodiscard]] constexpr auto bit_mask(unsigned shift, unsigned width) noexcept -> std::uint64_t {
  const std::uint64_t ones = width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
  return ones << shift;
}

[[nodiscard]] constexpr auto bit(unsigned position) noexcept -> std::uint64_t { return std::uint64_t{1} << position; }

[[nodiscard]] constexpr auto bits_of(std::uint64_t word, unsigned shift, unsigned width) noexcept -> std::uint64_t {
  return (word & bit_mask(shift, width)) >> shift;
}

[[nodiscard]] constexpr auto with_bits(std::uint64_t word, unsigned shift, unsigned width, std::uint64_t value) noexcept
    -> std::uint64_t {
  return (word & ~bit_mask(shift, width)) | ((value << shift) & bit_mask(shift, width));
}

// One field of a register or descriptor: `using SH = Field<8, 2>; SH::of(pte); SH::set(pte, 3);`
template <unsigned kShift, unsigned kWidth = 1>
struct Field {
  static constexpr std::uint64_t kMask = bit_mask(kShift, kWidth);
  static constexpr std::uint64_t kMax = bit_mask(0, kWidth);
  [[nodiscard]] static constexpr auto of(std::uint64_t word) noexcept -> std::uint64_t {
    return bits_of(word, kShift, kWidth);
  }
  [[nodiscard]] static constexpr auto set(std::uint64_t word, std::uint64_t value) noexcept -> std::uint64_t {
    return with_bits(word, kShift, kWidth, value);
  }
  [[nodiscard]] static constexpr auto make(std::uint64_t value) noexcept -> std::uint64_t { return set(0, value); }
};

[[nodiscard]] constexpr auto align_down(std::uint64_t value, std::uint64_t alignment) noexcept -> std::uint64_t {
  return value & ~(alignment - 1);
}

[[nodiscard]] constexpr auto aligned(std::uint64_t value, std::uint64_t alignment) noexcept -> bool {
  return (value & (alignment - 1)) == 0;
}

}  // namespace redoubt
