// SPDX-License-Identifier: Apache-2.0
// The feature registers that guests and the host see: allow-lists of fields over what the hardware has. What is hidden is
// trapped as well (hyp/boot/trap_config.cpp), and what is trapped must be hidden, or a kernel that knows the feature would
// use it and die of an undefined instruction. The tables belong together.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "arch/arm64_defs/sysreg.hpp"

namespace redoubt::hyp {

// By CRm * 8 + op2, of op0 = 3, op1 = 0, CRn = 0; CRm 1..7 are used. What is not set reads as zero.
using IdRegisters = std::array<std::uint64_t, 64>;

[[nodiscard]] constexpr auto id_slot(unsigned crm, unsigned op2) noexcept -> std::size_t { return crm * 8 + op2; }

struct IdTables {
  IdRegisters guest, host;
};

// Boot: filled by build_guest_id_registers() and build_host_id_registers() (hyp/boot), then constant.
[[nodiscard]] auto id_tables_for_boot() noexcept -> IdTables&;
void build_guest_id_registers() noexcept;
void build_host_id_registers() noexcept;

// Value of a register of the ID space, nothing for another register.
[[nodiscard]] auto guest_id_register(arm64::SysregId id) noexcept -> std::optional<std::uint64_t>;
[[nodiscard]] auto host_id_register(arm64::SysregId id) noexcept -> std::optional<std::uint64_t>;

}  // namespace redoubt::hyp
