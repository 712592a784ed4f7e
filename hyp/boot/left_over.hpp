// SPDX-License-Identifier: Apache-2.0
// What the previous run left in RAM, and clearing it. Boot, with this CPU's windows in place.
#pragma once

#include <span>

#include "hyp/cpu/reset.hpp"
#include "hyp/fdt/platform.hpp"

namespace redoubt::hyp {

// Clears all RAM but `keep` (not rounded: the rest of a page that holds the end of a file is cleared) when the previous run
// may have left guests' data, and when nobody can tell.
void clear_left_over(LastRun last, const fdt::PlatformInfo& info, std::span<const fdt::PaRange> keep) noexcept;

}  // namespace redoubt::hyp
