// SPDX-License-Identifier: Apache-2.0
// The redistributor frames in a region of the GIC node (Arm IHI 0069H 12.10). RD_base holds the registers that
// name memory (PROPBASER, PENDBASER) and is trapped; SGI_base has none and is mapped to the host.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/addr.hpp"
#include "hyp/fdt/pa_range.hpp"

namespace redoubt::hyp::fdt {

inline constexpr std::uint64_t kGicrFrameBytes = 0x10000;
inline constexpr std::uint64_t kGicrStride = 0x20000;      // RD_base, SGI_base
inline constexpr std::uint64_t kGicrStrideVlpi = 0x40000;  // GICR_TYPER.VLPIS: VLPI_base and a reserved frame follow

struct GicrFrames {
  PaRange rd_base;
  PaRange sgi_base;
};

// Redistributors that fit into `region`. `stride` in bytes, at least kGicrStride; less than that gives 0.
[[nodiscard]] constexpr auto gicr_count(const PaRange& region, std::uint64_t stride) noexcept -> std::size_t {
  return stride < kGicrStride ? 0 : static_cast<std::size_t>(region.bytes() / stride);
}

// index < gicr_count(region, stride). Stop at the one whose GICR_TYPER.Last is set.
[[nodiscard]] constexpr auto gicr_frames(const PaRange& region, std::uint64_t stride, std::size_t index) noexcept
    -> GicrFrames {
  const Pa rd = region.begin + index * stride;
  const Pa sgi = rd + kGicrFrameBytes;
  return {{rd, sgi}, {sgi, sgi + kGicrFrameBytes}};
}

}  // namespace redoubt::hyp::fdt
