// SPDX-License-Identifier: Apache-2.0
// Calls over long ranges of private frames: what is RAM, what is EMPTY. Each does a bounded amount of work and answers how
// far it came: that bound is part of what is specified, so that a caller can rely on progress.
#pragma once

#include "proofs/spec/common.hpp"

namespace redoubt::spec {

// A step costs 1, and 1 more for each frame that it handles one by one; none begins after that much.
inline constexpr std::uint64_t kWork = 512;

template <State S>
void give_back(S& state, unsigned slot, const Cell& cell) noexcept {
  for (std::uint64_t i = 0; i < span_of(cell.level); ++i) state.set_page(cell.pfn + i, Page{});
  state.vm(slot).mapped -= span_of(cell.level);
}

// [first, end) becomes EMPTY, its pages are the host's, wiped.
template <State S>
[[nodiscard]] auto release(S& state, unsigned slot, std::uint64_t gfn, std::uint64_t end) noexcept -> Outcome {
  for (std::uint64_t work = 0; work < kWork && gfn < end; ++work) {
    const Cell whole = state.cell(slot, gfn);
    if (whole.level < 3 && ripas_of(whole) == Ripas::empty) {
      gfn = lower(end_of(whole, gfn), end);
      continue;
    }
    const unsigned level = largest(gfn, end);
    const std::uint32_t tables = missing(whole, level);
    if (tables > state.vm(slot).pool) return {0, gfn, tables};
    refine(state, slot, gfn, level);
    const bool single = state.cell(slot, gfn).level == 3;
    const std::uint64_t stop = single ? lower(end_of_block(gfn), end) : end_of(state.cell(slot, gfn), gfn);
    if (single || whole.mapped) work += single ? stop - gfn : kBlock;
    while (gfn < stop) {
      const Cell cell = state.cell(slot, gfn);
      if (cell.mapped) give_back(state, slot, cell);
      state.set_cell(slot, gfn, Cell{.level = cell.level});
      gfn += span_of(cell.level);
    }
  }
  return {0, gfn, 0};
}

// [gfn, stop) becomes RAM, and what the host shows at the same addresses of the shared half goes.
template <State S>
void claim_step(S& state, unsigned slot, std::uint64_t gfn, std::uint64_t stop) noexcept {
  const std::uint64_t half = state.vm(slot).private_frames();
  drop_borrows(state, slot, gfn + half, lower(end_of_block(gfn), stop) + half);
  refine(state, slot, gfn, largest(gfn, stop));
  while (gfn < stop) {
    const Cell cell = state.cell(slot, gfn);
    if (!cell.mapped) state.set_cell(slot, gfn, Cell{.level = cell.level, .ripas = Ripas::ram});
    gfn += span_of(cell.level);
  }
}

// How far one step goes: 1 GiB at once where nothing is yet, otherwise to the end of the block, and not past a frame
// that is DESTROYED if that matters.
template <State S>
[[nodiscard]] auto claim_stop(S& state, unsigned slot, std::uint64_t gfn, std::uint64_t end, bool destroyed_ok) noexcept
    -> std::uint64_t {
  const Cell cell = state.cell(slot, gfn);
  const std::uint64_t alias = gfn + state.vm(slot).private_frames();
  const bool bare = cell.level == 1 && largest(gfn, end) == 1 && state.cell(slot, alias).level == 1;
  const std::uint64_t stop = bare ? end_of(cell, gfn) : lower(end_of_block(gfn), end);
  if (destroyed_ok) return stop;
  if (cell.level < 3) return ripas_of(cell) == Ripas::destroyed ? gfn : stop;
  std::uint64_t at = gfn;
  while (at < stop && ripas_of(state.cell(slot, at)) != Ripas::destroyed) ++at;
  return at;
}

template <State S>
[[nodiscard]] auto claim(S& state, unsigned slot, std::uint64_t gfn, std::uint64_t end, bool destroyed_ok) noexcept
    -> Outcome {
  const std::uint64_t half = state.vm(slot).private_frames();
  for (std::uint64_t work = 0; work < kWork && gfn < end; ++work) {
    const Cell cell = state.cell(slot, gfn);
    if (cell.level < 3 && ripas_of(cell) == Ripas::ram) {
      gfn = lower(end_of(cell, gfn), end);
      continue;
    }
    const std::uint64_t stop = claim_stop(state, slot, gfn, end, destroyed_ok);
    if (stop == gfn) break;
    const unsigned level = largest(gfn, stop);
    const std::uint64_t alias_stop = lower(end_of_block(gfn), stop) + half;
    const std::uint32_t tables = missing(cell, level) + drop_needs(state, slot, gfn + half, alias_stop);
    if (tables > state.vm(slot).pool) return {0, gfn, tables};
    if (level == 3 || cell.level == 3) work += stop - gfn;
    claim_step(state, slot, gfn, stop);
    gfn = stop;
  }
  return {0, gfn, 0};
}

template <State S>
[[nodiscard]] auto run_of_ripas(S& state, unsigned slot, std::uint64_t gfn, std::uint64_t end) noexcept -> Outcome {
  const Ripas ripas = ripas_of(state.cell(slot, gfn));
  for (std::uint64_t work = 0; work < kWork && gfn < end; ++work) {
    const Cell cell = state.cell(slot, gfn);
    if (ripas_of(cell) != ripas) break;
    gfn = lower(end_of(cell, gfn), end);
  }
  return {0, gfn, static_cast<std::uint64_t>(ripas)};
}

// The guest's calls.
template <State S>
[[nodiscard]] auto guest_range(S& state, const Request& r) noexcept -> Outcome {
  const auto [status, slot] = find_alive(state, r.x[0]);
  if (status != 0) return {status};
  const Vm& vm = state.vm(slot);
  const auto [handle, first, end, destroyed_ok, x4] = r.x;
  if (!vm.prot) return {RD_E_PERM};
  if (first >= end || end > vm.private_frames()) return {RD_E_INVALID};
  if (r.call == Call::ripas) return run_of_ripas(state, slot, first, end);
  if (r.call == Call::release) return release(state, slot, first, end);
  return claim(state, slot, first, end, destroyed_ok != 0);
}

// The host's, while it builds the VM.
template <State S>
[[nodiscard]] auto set_ram(S& state, const Request& r) noexcept -> Outcome {
  const auto [status, slot] = find_alive(state, r.x[0]);
  if (status != 0) return {status};
  const Vm& vm = state.vm(slot);
  const auto [handle, gfn, pages, x3, x4] = r.x;
  if (vm.life != Life::building) return {RD_E_FROZEN};
  constexpr std::uint64_t kLimit = std::uint64_t{1} << 36;  // frames of 48 address bits
  if (pages == 0 || pages > kLimit || gfn >= kLimit || gfn + pages > kLimit) return {RD_E_INVALID};
  if (!vm.prot) return {RD_E_PERM};
  if (gfn + pages > vm.private_frames()) return {RD_E_INVALID};
  const Outcome reached = claim(state, slot, gfn, gfn + pages, true);
  if (reached.first == gfn) return {RD_E_NO_MEMORY};
  return {0, reached.first - gfn};
}

}  // namespace redoubt::spec
