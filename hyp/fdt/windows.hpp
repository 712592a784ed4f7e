// SPDX-License-Identifier: Apache-2.0
// The device memory the host may be given: the pages of the kept nodes' registers, and nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "hyp/fdt/pa_range.hpp"
#include "hyp/fdt/platform.hpp"
#include "hyp/fdt/policy.hpp"

namespace redoubt::hyp::fdt {

inline constexpr std::size_t kMaxWindows = 64;

struct Windows {
  RangeSet<kMaxWindows> set;         // whole pages, sorted, merged
  std::uint32_t clipped_memory = 0;  // kept windows that lost pages because they overlap RAM or `forbidden`
  std::uint32_t clipped_device = 0;  // removed or EL2-owned devices that took pages from a kept window: deny wins
};

// Fills fresh `windows`. GICD, GICR and ITS frames are never in the set: EL2 decides page by page (PlatformInfo::gic).
// `forbidden`: Redoubt's own memory, where it is not inside info.ram.
// TOO_MANY if the windows do not fit.
[[nodiscard]] auto mmio_windows(const Reader& reader, const Policy& policy, const PlatformInfo& info,
                                std::span<const PaRange> forbidden, Windows& windows) noexcept -> FdtResult<>;

}  // namespace redoubt::hyp::fdt
