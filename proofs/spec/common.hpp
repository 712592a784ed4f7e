// SPDX-License-Identifier: Apache-2.0
// Shared by the parts of the specification: handles, pages that are exclusively the host's, cells and their tables.
#pragma once

#include <cstdint>

#include "abi/error.h"
#include "proofs/spec/request.hpp"
#include "proofs/spec/state.hpp"

namespace redoubt::spec {

inline constexpr std::uint64_t kBlock = 512;  // pages of 2 MiB

struct Found {
  long status = 0;
  unsigned slot = 0;
};

// A handle is the generation of a slot and the slot's number.
template <State S>
[[nodiscard]] auto find(S& state, std::uint64_t handle) noexcept -> Found {
  const auto slot = static_cast<unsigned>(handle & 0xff);
  if (slot >= state.slots()) return {RD_E_NOT_FOUND, 0};
  const Vm& vm = state.vm(slot);
  if (vm.life == Life::free || vm.generation != handle >> 8) return {RD_E_NOT_FOUND, 0};
  return {0, slot};
}

template <State S>
[[nodiscard]] auto find_alive(S& state, std::uint64_t handle) noexcept -> Found {
  const Found found = find(state, handle);
  if (found.status != 0) return found;
  const Life life = state.vm(found.slot).life;
  if (life == Life::stopped || life == Life::dead) return {RD_E_DEAD, found.slot};
  return found;
}

[[nodiscard]] constexpr auto exclusive(const Page& page) noexcept -> bool { return page == Page{}; }

// The answer every call gives for pages that must be exclusively the host's; 0 if they are. 1 page, or an aligned block
// that has to be RAM as a whole.
template <State S>
[[nodiscard]] auto exclusive_status(S& state, std::uint64_t first, std::uint64_t pages = 1) noexcept -> long {
  for (std::uint64_t i = 0; i < pages; ++i) {
    if (!state.is_ram(first + i)) return RD_E_INVALID;
  }
  for (std::uint64_t i = 0; i < pages; ++i) {
    if (!exclusive(state.page(first + i))) return RD_E_PERM;
  }
  return 0;
}

// --- cells ---
[[nodiscard]] constexpr auto span_of(unsigned level) noexcept -> std::uint64_t {
  return std::uint64_t{1} << 9 * (3 - level);
}
[[nodiscard]] constexpr auto end_of(const Cell& cell, std::uint64_t gfn) noexcept -> std::uint64_t {
  return (gfn | (span_of(cell.level) - 1)) + 1;
}
[[nodiscard]] constexpr auto end_of_block(std::uint64_t gfn) noexcept -> std::uint64_t { return (gfn | 511) + 1; }
[[nodiscard]] constexpr auto lower(std::uint64_t a, std::uint64_t b) noexcept -> std::uint64_t { return a < b ? a : b; }
// The largest cell that begins at gfn and does not pass `end`.
[[nodiscard]] constexpr auto largest(std::uint64_t gfn, std::uint64_t end) noexcept -> unsigned {
  unsigned level = 1;
  while (level < 3 && (gfn % span_of(level) != 0 || end - gfn < span_of(level))) ++level;
  return level;
}
// Table pages without which the frame cannot have a cell of that level.
[[nodiscard]] constexpr auto missing(const Cell& cell, unsigned level) noexcept -> std::uint32_t {
  return cell.level >= level ? 0 : level - cell.level;
}
// Now it has; each step takes one page out of the pool.
template <State S>
void refine(S& state, unsigned slot, std::uint64_t gfn, unsigned level) noexcept {
  for (std::uint32_t n = missing(state.cell(slot, gfn), level); n > 0; --n) {
    state.split(slot, gfn);
    --state.vm(slot).pool;
  }
}

[[nodiscard]] constexpr auto ripas_of(const Cell& cell) noexcept -> Ripas {
  return cell.mapped ? Ripas::ram : cell.ripas;
}

// --- borrowing ---
// Takes back what the VM borrows in [gfn, end), which lies in one block. Answers how many pages.
template <State S>
auto drop_borrows(S& state, unsigned slot, std::uint64_t gfn, std::uint64_t end) noexcept -> std::uint64_t {
  if (const Cell first = state.cell(slot, gfn); first.level < 3) {
    if (!first.mapped || first.owned) return 0;
    refine(state, slot, gfn, largest(gfn, end));
  }
  std::uint64_t done = 0;
  while (gfn < end) {
    const Cell cell = state.cell(slot, gfn);
    const std::uint64_t pages = span_of(cell.level);
    if (cell.mapped && !cell.owned) {
      for (std::uint64_t i = 0; i < pages; ++i) {
        Page page = state.page(cell.pfn + i);
        --page.borrows;
        state.set_page(cell.pfn + i, page);
      }
      state.set_cell(slot, gfn, Cell{.level = cell.level});
      done += pages;
    }
    gfn += pages;
  }
  state.vm(slot).mapped -= done;
  return done;
}

// Tables that this takes: a part of a borrowed block can only be named by smaller cells.
template <State S>
[[nodiscard]] auto drop_needs(S& state, unsigned slot, std::uint64_t gfn, std::uint64_t end) noexcept -> std::uint32_t {
  const Cell cell = state.cell(slot, gfn);
  return cell.mapped && !cell.owned ? missing(cell, largest(gfn, end)) : 0;
}

}  // namespace redoubt::spec
