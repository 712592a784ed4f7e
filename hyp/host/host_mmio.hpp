// SPDX-License-Identifier: Apache-2.0
// Device registers of the host that EL2 answers: redistributor frames, and PCI functions that are not there for it.
#pragma once

#include <cstdint>

#include "base/addr.hpp"
#include "hyp/cpu/per_cpu.hpp"

namespace redoubt::hyp {

// Boot: the host's accesses to this page of PCI configuration space find an empty slot. Panics when there are too many.
void hide_page(Pa page) noexcept;

// A stage-2 fault of the host at `ipa`. False if nothing here is meant, or the instruction cannot be emulated: the caller
// injects an abort. Advances ELR_EL2 otherwise.
[[nodiscard]] auto emulate_host_mmio(PerCpu& cpu, Ipa ipa, std::uint64_t syndrome) noexcept -> bool;

}  // namespace redoubt::hyp
