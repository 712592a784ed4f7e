// SPDX-License-Identifier: Apache-2.0
// The host's accesses to the RD_base frame of its redistributors. LPIs do not exist for it: the LPI tables are memory
// that the redistributor would read and write at addresses the host chooses.
#pragma once

#include <cstdint>
#include <optional>

#include "base/addr.hpp"

namespace redoubt::hyp {

// EL2's address of a register if `at` is in such a frame.
[[nodiscard]] auto redistributor_frame(Pa at) noexcept -> std::optional<std::uint64_t>;

// One access of 1 << size_log2 bytes, aligned, at an address of redistributor_frame().
[[nodiscard]] auto read_redistributor(std::uint64_t va, std::uint64_t size_log2) noexcept -> std::uint64_t;
void write_redistributor(std::uint64_t va, std::uint64_t size_log2, std::uint64_t value) noexcept;

}  // namespace redoubt::hyp
