// SPDX-License-Identifier: Apache-2.0
// The host's accesses to the RD_base frame of its redistributors. LPIs do not exist for it: the LPI tables are memory
// that the redistributor would read and write at addresses the host chooses.
#pragma once

#include "base/addr.hpp"
#include "hyp/cpu/per_cpu.hpp"

namespace redoubt::hyp {

// True if `ipa` is in such a frame: the access was performed and PC advanced.
[[nodiscard]] auto emulate_redistributor(PerCpu& cpu, Ipa ipa, std::uint64_t syndrome) noexcept -> bool;

}  // namespace redoubt::hyp
