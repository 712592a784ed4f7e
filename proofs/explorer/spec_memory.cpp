// SPDX-License-Identifier: Apache-2.0
// The calls that move memory between the host and a guest.
#include <algorithm>

#include "proofs/explorer/spec_detail.hpp"

namespace redoubt::explorer {

namespace {

struct Place {
  unsigned half = 0;
  unsigned slot = 0;
};
// Only modelled frames reach this.
auto place_of(std::uint64_t gfn) -> Place {
  const unsigned half = gfn >= kHalf ? 1 : 0;
  return {half, half * 2 + static_cast<unsigned>(gfn % kHalf)};
}

void take_tables(SpecVm& vm, unsigned half) {
  vm.pool = static_cast<std::uint8_t>(vm.pool - (2 - vm.depth[half]));
  vm.depth[half] = 2;
}
auto lacks_tables(const SpecVm& vm, unsigned half) -> bool { return 2 - vm.depth[half] > vm.pool; }

auto bad_run(std::uint64_t gfn, std::uint64_t pfn, std::uint64_t pages) -> bool {
  return (pages != 1 && pages != 512) || gfn % pages != 0 || pfn % pages != 0 || gfn >= kFrames;
}

// 512 frames: only the two modelled ones can be anything but unmapped and EMPTY.
auto run_status(const SpecVm& vm, std::uint64_t gfn, std::uint64_t pages, bool want_ram) -> long {
  const Place at = place_of(gfn);
  const unsigned modelled = pages == 512 && vm.depth[at.half] == 2 ? 2 : 1;
  for (unsigned i = 0; i < modelled; ++i) {
    if (vm.slots[at.slot + i].mapped) return RD_E_EXISTS;
    if (vm.slots[at.slot + i].ram != want_ram) return RD_E_PERM;
  }
  return pages == 512 && want_ram ? long{RD_E_PERM} : 0;
}

auto donate_status(const SpecState& state, const SpecVm& vm, std::uint64_t gfn, std::uint64_t pfn, std::uint64_t pages)
    -> long {
  if (!vm.prot) return RD_E_PERM;
  if (bad_run(gfn, pfn, pages) || gfn >= kHalf) return RD_E_INVALID;
  if (const long status = run_status(vm, gfn, pages, true); status != 0) return status;
  if (!is_ram(pfn)) return RD_E_INVALID;
  if (!exclusive(page_of(state, pfn))) return RD_E_PERM;
  return lacks_tables(vm, 0) ? long{RD_E_NO_MEMORY} : 0;
}

void make_private(SpecState& state, unsigned slot, std::uint64_t gfn, std::uint64_t pfn) {
  SpecVm& vm = state.vms[slot];
  take_tables(vm, 0);
  page_of(state, pfn) = SpecPage{.kind = Kind::guest, .vm = static_cast<std::uint8_t>(slot)};
  vm.slots[place_of(gfn).slot] = SpecSlot{true, true, true, number_of(pfn), RD_PROT_R | RD_PROT_W | RD_PROT_X};
  ++vm.mapped;
}

void drop_borrow(SpecState& state, SpecVm& vm, unsigned slot) {
  SpecSlot& s = vm.slots[slot];
  if (!s.mapped || s.owned) return;
  --state.pages[s.page].borrows;
  --vm.mapped;
  s = SpecSlot{};
}

}  // namespace

auto spec_donate(SpecState& state, const Request& r) -> Outcome {
  const auto [status, slot] = find_alive(state, r.x[0]);
  if (status != 0) return {status};
  const SpecVm& vm = state.vms[slot];
  const bool image = r.call == Call::donate_image;
  if (image && vm.life != Life::building) return {RD_E_FROZEN};
  if (image && r.x[1] < vm.next_image) return {RD_E_INVALID};
  if (const long bad = donate_status(state, vm, r.x[1], r.x[2], image ? 1 : r.x[3]); bad != 0) return {bad};
  make_private(state, slot, r.x[1], r.x[2]);
  if (image) state.vms[slot].next_image = r.x[1] + 1;
  return {};
}

auto spec_share(SpecState& state, const Request& r) -> Outcome {
  const auto [status, slot] = find_alive(state, r.x[0]);
  if (status != 0) return {status};
  SpecVm& vm = state.vms[slot];
  const auto [handle, gfn, pfn, pages, prot] = r.x;
  if (prot > 7 || (prot & RD_PROT_R) == 0 || bad_run(gfn, pfn, pages)) return {RD_E_INVALID};
  if (vm.prot && gfn < kHalf) return {RD_E_PERM};
  if (vm.prot && run_status(vm, gfn - kHalf, pages, false) != 0) return {RD_E_PERM};
  if (const long bad = run_status(vm, gfn, pages, false); bad != 0) return {bad};
  if (pages == 512 || !is_ram(pfn)) return {RD_E_INVALID};  // no whole block of RAM exists here
  SpecPage& page = page_of(state, pfn);
  if (page.kind != Kind::host || page.run) return {RD_E_PERM};
  const Place at = place_of(gfn);
  if (lacks_tables(vm, at.half)) return {RD_E_NO_MEMORY};
  take_tables(vm, at.half);
  const auto rights = static_cast<std::uint8_t>(vm.prot ? prot & ~std::uint64_t{RD_PROT_X} : prot);
  vm.slots[at.slot] = SpecSlot{false, true, false, number_of(pfn), rights};
  ++page.borrows;
  ++vm.mapped;
  return {};
}

auto spec_unshare(SpecState& state, const Request& r) -> Outcome {
  const auto [status, slot] = find(state, r.x[0]);
  if (status != 0) return {status};
  SpecVm& vm = state.vms[slot];
  const auto [handle, gfn, pages, x3, x4] = r.x;
  if (pages == 0 || pages > 512 || gfn >= kFrames || gfn + pages > kFrames) return {RD_E_INVALID};
  const auto before = vm.mapped;
  for (unsigned i = 0; i < kSlots; ++i) {
    const std::uint64_t frame = (i / 2) * kHalf + i % 2;
    if (frame >= gfn && frame < gfn + pages) drop_borrow(state, vm, i);
  }
  return {0, static_cast<std::uint64_t>(before - vm.mapped)};
}

auto spec_set_ram(SpecState& state, const Request& r) -> Outcome {
  const auto [status, slot] = find_alive(state, r.x[0]);
  if (status != 0) return {status};
  SpecVm& vm = state.vms[slot];
  const auto [handle, gfn, pages, x3, x4] = r.x;
  if (vm.life != Life::building) return {RD_E_FROZEN};
  constexpr std::uint64_t kLimit = std::uint64_t{1} << 36;
  if (pages == 0 || pages > kLimit || gfn >= kLimit || gfn + pages > kLimit) return {RD_E_INVALID};
  if (!vm.prot) return {RD_E_PERM};
  if (gfn + pages > kHalf) return {RD_E_INVALID};
  if (lacks_tables(vm, 0)) return {RD_E_NO_MEMORY};
  take_tables(vm, 0);
  for (std::uint64_t frame = gfn; frame < gfn + pages; ++frame) {
    drop_borrow(state, vm, static_cast<unsigned>(frame) + 2);
    vm.slots[frame].ram = true;
  }
  return {0, pages};
}

auto spec_range(SpecState& state, const Request& r) -> Outcome {
  const auto [status, slot] = find_alive(state, r.x[0]);
  if (status != 0) return {status};
  SpecVm& vm = state.vms[slot];
  const auto [handle, first, end, x3, x4] = r.x;
  if (!vm.prot) return {RD_E_PERM};
  if (first >= end || end > kHalf) return {RD_E_INVALID};
  if (r.call == Call::ripas) {
    std::uint64_t same = first + 1;
    while (same < std::min(end, std::uint64_t{2}) && vm.slots[same].ram == vm.slots[first].ram) ++same;
    const bool rest_too = same == 2 && !vm.slots[first].ram;  // all frames above the modelled ones are EMPTY
    return {0, rest_too ? end : same, vm.slots[first].ram ? 1U : 0U};
  }
  const bool claim = r.call == Call::claim;
  if (claim && lacks_tables(vm, 0)) return {0, first, 2U - vm.depth[0]};
  if (claim) take_tables(vm, 0);
  for (std::uint64_t frame = first; frame < std::min(end, std::uint64_t{2}); ++frame) {
    SpecSlot& s = vm.slots[frame];
    if (claim) {
      drop_borrow(state, vm, static_cast<unsigned>(frame) + 2);
      s.ram = true;
      continue;
    }
    if (s.mapped) {
      state.pages[s.page] = SpecPage{};
      --vm.mapped;
    }
    s = SpecSlot{};
  }
  return {0, end, 0};
}

auto spec_page(const SpecState& state, const Request& r) -> Outcome {
  const auto [status, slot] = find_alive(state, r.x[0]);
  if (status != 0) return {status};
  if (r.x[1] >= kFrames) return {RD_E_INVALID};
  const SpecSlot& s = state.vms[slot].slots[place_of(r.x[1]).slot];
  const std::uint64_t flags = (s.ram ? 1U : 0U) | (s.mapped ? 2U : 0U) | (s.owned ? 4U : 0U);
  return {0, flags, s.mapped ? (kFirstFrame + s.page) << 3 | s.prot : 0};
}

}  // namespace redoubt::explorer
