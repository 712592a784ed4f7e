// SPDX-License-Identifier: Apache-2.0
// Exceptions EL2 gives to a guest: undefined instruction, synchronous external abort.
#pragma once

#include <cstdint>

#include "hyp/vcpu/vcpu.hpp"

namespace redoubt::hyp {

// On the loaded vCPU, at its current PC.
void inject_undefined() noexcept;
void inject_sea(std::uint64_t esr_el2, std::uint64_t far) noexcept;

// On a vCPU that is not loaded: its saved state, for a data access.
void inject_saved_sea(Vcpu& vcpu, std::uint64_t far) noexcept;

}  // namespace redoubt::hyp
