// SPDX-License-Identifier: Apache-2.0
// Half-open runs of physical addresses, in bytes, and sorted sets of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/addr.hpp"
#include "base/bits.hpp"
#include "base/range.hpp"

namespace redoubt::hyp::fdt {

inline constexpr std::uint64_t kPaLimit = kFrameLimit << kPageShift;

// [begin, end). One made by make() or by rounding such a one is not empty and ends at or below 48 bits.
struct PaRange {
  Pa begin;
  Pa end;

  [[nodiscard]] static constexpr auto make(std::uint64_t base, std::uint64_t bytes) noexcept -> std::optional<PaRange> {
    if (bytes == 0 || base >= kPaLimit || bytes > kPaLimit - base) return std::nullopt;
    return PaRange{Pa{base}, Pa{base + bytes}};
  }
  [[nodiscard]] constexpr auto bytes() const noexcept -> std::uint64_t { return end.value() - begin.value(); }
  [[nodiscard]] constexpr auto overlaps(const PaRange& other) const noexcept -> bool {
    return begin < other.end && other.begin < end;
  }
  // Every page the range touches.
  [[nodiscard]] constexpr auto pages_touched() const noexcept -> PaRange {
    return {Pa{align_down(begin.value(), kPageSize)}, Pa{align_down(end.value() + kPageSize - 1, kPageSize)}};
  }
  // The whole pages inside the range; nullopt if there is none.
  [[nodiscard]] constexpr auto pages_inside() const noexcept -> std::optional<PaRange> {
    const std::uint64_t first = align_down(begin.value() + kPageSize - 1, kPageSize);
    const std::uint64_t last = align_down(end.value(), kPageSize);
    return first < last ? make(first, last - first) : std::nullopt;
  }
  constexpr auto operator==(const PaRange&) const noexcept -> bool = default;
};

// The set operations, on storage of any capacity. `count` ranges in `storage` are sorted, disjoint and not adjacent.
// False, and no change, when the result needs more ranges than `storage` holds.
[[nodiscard]] auto insert_range(std::span<PaRange> storage, std::size_t& count, const PaRange& range) noexcept -> bool;
[[nodiscard]] auto remove_range(std::span<PaRange> storage, std::size_t& count, const PaRange& range) noexcept -> bool;

template <std::size_t kCapacity>
class RangeSet {
 public:
  [[nodiscard]] auto insert(const PaRange& range) noexcept -> bool { return insert_range(storage_, count_, range); }
  [[nodiscard]] auto remove(const PaRange& range) noexcept -> bool { return remove_range(storage_, count_, range); }
  void clear() noexcept { count_ = 0; }
  [[nodiscard]] auto ranges() const noexcept -> std::span<const PaRange> { return {storage_.data(), count_}; }

 private:
  std::array<PaRange, kCapacity> storage_{};
  std::size_t count_ = 0;
};

}  // namespace redoubt::hyp::fdt
