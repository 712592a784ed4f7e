// SPDX-License-Identifier: Apache-2.0
// The host gives pages to a guest, lends them, takes back what it lent.
#pragma once

#include "proofs/spec/common.hpp"

namespace redoubt::spec {

[[nodiscard]] inline auto bad_run(const Vm& vm, std::uint64_t gfn, std::uint64_t pfn, std::uint64_t pages) noexcept
    -> bool {
  return (pages != 1 && pages != kBlock) || gfn % pages != 0 || pfn % pages != 0 || gfn >= vm.frames();
}

// Is nothing mapped at these frames, and are all of them RAM (or all EMPTY)?
template <State S>
[[nodiscard]] auto vacant_status(S& state, unsigned slot, std::uint64_t gfn, std::uint64_t pages, Ripas want) noexcept
    -> long {
  for (std::uint64_t at = gfn; at < gfn + pages;) {
    const Cell cell = state.cell(slot, at);
    if (cell.mapped) return RD_E_EXISTS;
    if (cell.ripas != want) return RD_E_PERM;
    at = end_of(cell, at);
  }
  return 0;
}

// Lets 1 frame show a page, or 512 frames a block of pages: as one cell unless there are smaller ones already.
template <State S>
void map_run(S& state, unsigned slot, std::uint64_t gfn, std::uint64_t pages, Cell shown) noexcept {
  refine(state, slot, gfn, pages == kBlock ? 2 : 3);
  shown.level = state.cell(slot, gfn).level;
  for (std::uint64_t i = 0; i < pages; i += span_of(shown.level)) {
    state.set_cell(slot, gfn + i, shown);
    shown.pfn += span_of(shown.level);
  }
  state.vm(slot).mapped += pages;
}

template <State S>
[[nodiscard]] auto donate(S& state, const Request& r) noexcept -> Outcome {
  const auto [status, slot] = find_alive(state, r.x[0]);
  if (status != 0) return {status};
  Vm& vm = state.vm(slot);
  const bool image = r.call == Call::donate_image;
  const std::uint64_t gfn = r.x[1];
  const std::uint64_t pfn = r.x[2];
  const std::uint64_t pages = image ? 1 : r.x[3];
  if (image && vm.life != Life::building) return {RD_E_FROZEN};
  if (image && gfn < vm.next_image) return {RD_E_INVALID};
  if (!vm.prot) return {RD_E_PERM};
  if (bad_run(vm, gfn, pfn, pages) || gfn >= vm.private_frames()) return {RD_E_INVALID};
  if (const long bad = vacant_status(state, slot, gfn, pages, Ripas::ram); bad != 0) return {bad};
  if (const long bad = exclusive_status(state, pfn, pages); bad != 0) return {bad};
  if (missing(state.cell(slot, gfn), pages == kBlock ? 2 : 3) > vm.pool) return {RD_E_NO_MEMORY};
  for (std::uint64_t i = 0; i < pages; ++i) {
    state.set_page(pfn + i, Page{.kind = Kind::guest, .vm = static_cast<std::uint8_t>(slot)});
  }
  constexpr std::uint8_t kAll = RD_PROT_R | RD_PROT_W | RD_PROT_X;
  map_run(state, slot, gfn, pages, Cell{.ripas = Ripas::ram, .mapped = true, .owned = true, .prot = kAll, .pfn = pfn});
  if (image) vm.next_image = gfn + 1;
  return {};
}

// May the host lend these pages once more?
template <State S>
[[nodiscard]] auto lend_status(S& state, std::uint64_t pfn, std::uint64_t pages) noexcept -> long {
  for (std::uint64_t i = 0; i < pages; ++i) {
    if (!state.is_ram(pfn + i)) return RD_E_INVALID;
  }
  bool full = false;
  for (std::uint64_t i = 0; i < pages; ++i) {
    const Page page = state.page(pfn + i);
    if (page.kind != Kind::host || page.run || page.torn) return RD_E_PERM;
    full = full || page.borrows == 0xffff;
  }
  return full ? long{RD_E_BUSY} : 0;
}

// A protected VM borrows only in its shared half, never what it could execute, and never where the private frame at the
// same address is more than EMPTY: no address reaches memory in both halves.
template <State S>
[[nodiscard]] auto share(S& state, const Request& r) noexcept -> Outcome {
  const auto [status, slot] = find_alive(state, r.x[0]);
  if (status != 0) return {status};
  const Vm& vm = state.vm(slot);
  const auto [handle, gfn, pfn, pages, prot] = r.x;
  if (prot > 7 || (prot & RD_PROT_R) == 0 || bad_run(vm, gfn, pfn, pages)) return {RD_E_INVALID};
  if (gfn < vm.private_frames()) return {RD_E_PERM};
  if (vm.prot && vacant_status(state, slot, gfn - vm.private_frames(), pages, Ripas::empty) != 0) return {RD_E_PERM};
  if (const long bad = vacant_status(state, slot, gfn, pages, Ripas::empty); bad != 0) return {bad};
  if (const long bad = lend_status(state, pfn, pages); bad != 0) return {bad};
  if (missing(state.cell(slot, gfn), pages == kBlock ? 2 : 3) > vm.pool) return {RD_E_NO_MEMORY};
  for (std::uint64_t i = 0; i < pages; ++i) {
    Page page = state.page(pfn + i);
    ++page.borrows;
    state.set_page(pfn + i, page);
  }
  const auto rights = static_cast<std::uint8_t>(vm.prot ? prot & ~std::uint64_t{RD_PROT_X} : prot);
  map_run(state, slot, gfn, pages, Cell{.mapped = true, .prot = rights, .pfn = pfn});
  return {};
}

template <State S>
[[nodiscard]] auto unshare(S& state, const Request& r) noexcept -> Outcome {
  const auto [status, slot] = find(state, r.x[0]);
  if (status != 0) return {status};
  const Vm& vm = state.vm(slot);
  const auto [handle, gfn, pages, x3, x4] = r.x;
  if (pages == 0 || pages > kBlock || gfn >= vm.frames() || gfn + pages > vm.frames()) return {RD_E_INVALID};
  if (vm.mapped == 0) return {0, 0};
  const std::uint64_t end = gfn + pages;
  const std::uint64_t border = lower(end_of_block(gfn), end);
  std::uint32_t tables = drop_needs(state, slot, gfn, border);
  if (border < end) tables += drop_needs(state, slot, border, end);
  if (tables > vm.pool) return {RD_E_NO_MEMORY};
  std::uint64_t done = drop_borrows(state, slot, gfn, border);
  if (border < end) done += drop_borrows(state, slot, border, end);
  return {0, done};
}

}  // namespace redoubt::spec
