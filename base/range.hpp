// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// A run of pages, validated once at construction; no later arithmetic on it can wrap.
#pragma once

#include <cstdint>

#include "base/addr.hpp"
#include "base/result.hpp"

namespace redoubt {

// Frame numbers are at most 36 bits (48-bit addresses, Arm ARM D8.1): FEAT_LPA2 is not used.
inline constexpr std::uint64_t kFrameLimit = std::uint64_t{1} << 36;

template <class Frame>
class FrameRange {
 public:
  // Error::INVALID if empty, above 48-bit address space, or longer than `cap` pages.
  [[nodiscard]] static constexpr auto make(Frame first, std::uint64_t count, std::uint64_t cap) noexcept
      -> Result<FrameRange> {
    if (count == 0 || count > cap) return Unexpected{Error::INVALID};
    if (first.value() >= kFrameLimit || count > kFrameLimit - first.value()) return Unexpected{Error::INVALID};
    return FrameRange{first, count};
  }
  [[nodiscard]] constexpr auto first() const noexcept -> Frame { return first_; }
  [[nodiscard]] constexpr auto count() const noexcept -> std::uint64_t { return count_; }
  [[nodiscard]] constexpr auto end() const noexcept -> Frame { return Frame{first_.value() + count_}; }
  [[nodiscard]] constexpr auto contains(Frame frame) const noexcept -> bool { return frame >= first_ && frame < end(); }

 private:
  constexpr FrameRange(Frame first, std::uint64_t count) noexcept : first_(first), count_(count) {}
  Frame first_;
  std::uint64_t count_;
};

using PfnRange = FrameRange<Pfn>;
using GfnRange = FrameRange<Gfn>;

}  // namespace redoubt
