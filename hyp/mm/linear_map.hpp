// SPDX-License-Identifier: Apache-2.0
// The linear area: pages EL2 owns, or shares with the host, at EL2_LINEAR_VA + PA. Level-3 tables for it come from a
// small pool and go back when the last page of their 2 MiB is unmapped. Callers hold the core lock.
#pragma once

#include <cstdint>
#include <span>

#include "base/addr.hpp"
#include "base/result.hpp"
#include "hyp/mm/layout.h"

namespace redoubt::hyp {

inline constexpr std::uint64_t kLinearTables = 128;

// Boot: `tables` = kLinearTables zeroed pages at this physical address, already in the linear area; root_va = EL2's level-0 table.
// The level-2 tables for all RAM must exist.
void linear_map_init(std::uint64_t root_va, Pa tables) noexcept;

// NO_MEMORY when the pool of tables is used up; EXISTS if it is mapped.
[[nodiscard]] auto linear_map(Pfn page) noexcept -> Result<>;
// With TLBI on all CPUs. A page that is not mapped is a bug (checked).
void linear_unmap(Pfn page) noexcept;
[[nodiscard]] auto linear_tables_free() noexcept -> std::uint64_t;

template <class T>
[[nodiscard]] auto at_linear(Pa pa) noexcept -> T* {
  return reinterpret_cast<T*>(EL2_LINEAR_VA + pa.value());
}

}  // namespace redoubt::hyp
