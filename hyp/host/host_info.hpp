// SPDX-License-Identifier: Apache-2.0
// What EL2 tells the host about itself: numbers, counters, its log. Never a guest's value.
#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "hyp/cpu/per_cpu.hpp"

namespace redoubt::hyp {

[[nodiscard]] auto host_info(std::uint64_t key) noexcept -> Result<std::uint64_t>;
[[nodiscard]] auto cpu_state(const PerCpu& cpu, std::uint64_t key) noexcept -> Result<std::uint64_t>;

// x1 = frame of the page to fill, x2 = offset; sets x0..x2.
void log_read(Context& host) noexcept;

}  // namespace redoubt::hyp
