// SPDX-License-Identifier: Apache-2.0
#include "hyp/mm/linear_map.hpp"

#include <array>

#include "arch/arm64/common/barrier.hpp"
#include "arch/arm64/el2/tlb.hpp"
#include "hyp/log/panic.hpp"
#include "hyp/mm/stage1.hpp"

namespace redoubt::hyp {
namespace {

struct Pool {
  Pa first;
  std::array<std::uint16_t, kLinearTables> used;  // mapped pages per table
  std::array<bool, kLinearTables> taken;
};

constinit Pool pool{};
constinit std::uint64_t* root = nullptr;

auto table_at(std::uint64_t descriptor) noexcept -> volatile std::uint64_t* {
  return at_linear<volatile std::uint64_t>(Pa{descriptor & stage1::kAddressMask});
}

// The level-2 entry that covers `va`; levels 0 to 2 of the linear area were built at boot for all RAM.
auto level2_entry(std::uint64_t va) noexcept -> volatile std::uint64_t& {
  const std::uint64_t level0 = root[stage1::index(va, 0)];
  RD_CHECK(stage1::Valid::of(level0) != 0);
  const std::uint64_t level1 = table_at(level0)[stage1::index(va, 1)];
  RD_CHECK(stage1::Valid::of(level1) != 0);
  return table_at(level1)[stage1::index(va, 2)];
}

auto take_table() noexcept -> Result<std::uint64_t> {
  for (std::uint64_t n = 0; n < kLinearTables; ++n) {
    if (pool.taken[n]) continue;
    pool.taken[n] = true;
    pool.used[n] = 0;
    return n;
  }
  return Unexpected{Error::NO_MEMORY};
}

// Index in the pool of the table behind a level-2 entry; the pool's size for a table boot built.
auto pool_index(std::uint64_t entry) noexcept -> std::uint64_t {
  const auto offset = (entry & stage1::kAddressMask) - pool.first.value();
  return offset < kLinearTables * kPageSize ? offset / kPageSize : kLinearTables;
}

}  // namespace

void linear_map_init(std::uint64_t root_va, Pa tables) noexcept {
  root = reinterpret_cast<std::uint64_t*>(root_va);
  pool.first = tables;
}

auto linear_map(Pfn page) noexcept -> Result<> {
  const auto va = EL2_LINEAR_VA + pa_of(page).value();
  auto& slot = level2_entry(va);
  if (stage1::Valid::of(slot) == 0) {
    RD_TRY_ASSIGN(taken, take_table());
    slot = stage1::table(pool.first + taken * kPageSize);
  }
  RD_CHECK(stage1::Table::of(slot) != 0);
  auto& leaf = table_at(slot)[stage1::index(va, 3)];
  if (stage1::Valid::of(leaf) != 0) return Unexpected{Error::EXISTS};
  leaf = stage1::leaf(pa_of(page), Use::DATA, true);
  if (const auto n = pool_index(slot); n < kLinearTables) ++pool.used[n];
  arm64::dsb_ishst();
  arm64::isb();
  return {};
}

void linear_unmap(Pfn page) noexcept {
  const auto va = EL2_LINEAR_VA + pa_of(page).value();
  auto& slot = level2_entry(va);
  RD_CHECK(stage1::Valid::of(slot) != 0 && stage1::Table::of(slot) != 0);
  auto& leaf = table_at(slot)[stage1::index(va, 3)];
  RD_CHECK(stage1::Valid::of(leaf) != 0);
  leaf = 0;
  const auto n = pool_index(slot);
  if (n < kLinearTables && --pool.used[n] == 0) {
    slot = 0;
    pool.taken[n] = false;
  }
  arm64::dsb_ishst();
  arm64::tlbi_vae2is(va);
  arm64::dsb_ish();
  arm64::tlbi_repeat();
  arm64::dsb_ish();
  arm64::isb();
}

auto linear_tables_free() noexcept -> std::uint64_t {
  std::uint64_t free = 0;
  for (const bool taken : pool.taken) free += taken ? 0 : 1;
  return free;
}

}  // namespace redoubt::hyp
