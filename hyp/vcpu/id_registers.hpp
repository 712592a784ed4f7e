// SPDX-License-Identifier: Apache-2.0
// The feature registers guests see: an allow-list of fields over what the hardware has. A feature that is not on it is
// hidden here and trapped by guest_traps() (hyp/cpu/features.cpp); the two lists belong together.
#pragma once

#include <cstdint>
#include <optional>

#include "arch/arm64_defs/sysreg.hpp"

namespace redoubt::hyp {

// Boot: reads the hardware's registers once.
void id_registers_init() noexcept;

// Value of a register of the ID space (op0 = 3, op1 = 0, CRn = 0, CRm = 1..7), nothing for another register.
[[nodiscard]] auto guest_id_register(arm64::SysregId id) noexcept -> std::optional<std::uint64_t>;

}  // namespace redoubt::hyp
