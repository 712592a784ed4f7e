// SPDX-License-Identifier: Apache-2.0
// Exceptions EL2 gives to EL1: undefined instructions and aborts of guests; the host's come from hyp/host.
#pragma once

#include <cstdint>

#include "arch/arm64_defs/esr.hpp"
#include "hyp/vcpu/vcpu.hpp"

namespace redoubt::hyp {

// In the world that runs on this CPU, at its current PC. `mte`: it has FEAT_MTE (PSTATE.TCO).
void take_to_el1(std::uint64_t esr, std::uint64_t far, bool mte) noexcept;
// The class of an abort taken from `pstate`.
[[nodiscard]] auto abort_class(std::uint64_t pstate, bool fetch) noexcept -> arm64::ExceptionClass;

// On the loaded vCPU, at its current PC.
void inject_undefined() noexcept;
void inject_sea(std::uint64_t esr_el2, std::uint64_t far) noexcept;

// On a vCPU that is not loaded: its saved state, for a data access.
void inject_saved_sea(Vcpu& vcpu, std::uint64_t far) noexcept;

}  // namespace redoubt::hyp
