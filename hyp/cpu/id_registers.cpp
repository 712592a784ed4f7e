// SPDX-License-Identifier: Apache-2.0
#include "hyp/cpu/id_registers.hpp"

namespace redoubt::hyp {
namespace {

constinit IdTables tables{};

auto look_up(const IdRegisters& table, arm64::SysregId id) noexcept -> std::optional<std::uint64_t> {
  if (!arm64::is_id_register(id)) return std::nullopt;
  return table[id.value & 63];  // CRm:op2 are the lower six bits
}

}  // namespace

auto id_tables_for_boot() noexcept -> IdTables& { return tables; }

auto guest_id_register(arm64::SysregId id) noexcept -> std::optional<std::uint64_t> {
  return look_up(tables.guest, id);
}

auto host_id_register(arm64::SysregId id) noexcept -> std::optional<std::uint64_t> { return look_up(tables.host, id); }

}  // namespace redoubt::hyp
