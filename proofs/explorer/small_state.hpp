// SPDX-License-Identifier: Apache-2.0
// The specification's state for the explorer's machine: 24 pages, two VMs, and of each VM's guest frames the first two of
// both halves of a 33-bit address space; all others stay EMPTY and unmapped.
#pragma once

#include <array>
#include <cstdint>

#include "proofs/spec/spec.hpp"

namespace redoubt::explorer {

using spec::Call;
using spec::Cell;
using spec::Kind;
using spec::Life;
using spec::Outcome;
using spec::Request;
using spec::Ripas;

inline constexpr unsigned kSpecPages = 24;
inline constexpr unsigned kSpecVms = 2;
inline constexpr unsigned kSpecVcpus = 2;
inline constexpr std::uint64_t kHalf = std::uint64_t{1} << 20;
inline constexpr std::uint64_t kFrames = 2 * kHalf;
inline constexpr unsigned kSlots = 4;
inline constexpr std::uint64_t kFirstFrame = 0x200;  // number of page 0

struct SpecVm {
  spec::Vm vm{};
  std::array<Cell, kSlots> cells{};  // their level is that of all cells around them
  std::array<spec::Vcpu, kSpecVcpus> vcpus{};
  auto operator==(const SpecVm&) const noexcept -> bool = default;
};

struct SpecState {
  std::array<spec::Page, kSpecPages> pages{};
  std::array<SpecVm, kSpecVms> vms{};
  bool outside = false;  // something happened that this state cannot hold
  auto operator==(const SpecState&) const noexcept -> bool = default;

  [[nodiscard]] auto slots() const noexcept -> unsigned { return kSpecVms; }
  [[nodiscard]] auto max_ipa_bits() const noexcept -> unsigned { return RD_MAX_IPA_BITS; }
  [[nodiscard]] auto is_ram(std::uint64_t pfn) const noexcept -> bool { return pfn - kFirstFrame < kSpecPages; }
  [[nodiscard]] auto page(std::uint64_t pfn) const noexcept -> spec::Page { return pages[pfn - kFirstFrame]; }
  void set_page(std::uint64_t pfn, const spec::Page& page) noexcept { pages[pfn - kFirstFrame] = page; }
  [[nodiscard]] auto vm(unsigned slot) noexcept -> spec::Vm& { return vms[slot].vm; }
  [[nodiscard]] auto vcpu(unsigned slot, std::uint64_t i) noexcept -> spec::Vcpu& { return vms[slot].vcpus[i]; }

  [[nodiscard]] auto cell(unsigned slot, std::uint64_t gfn) const noexcept -> Cell {
    const Cell& near = vms[slot].cells[gfn < kHalf ? 0 : 2];
    const std::uint64_t offset = gfn % kHalf;
    if (offset < 2) return (&near)[offset];
    const unsigned deepest = offset < 512 ? 3 : offset < spec::span_of(1) ? 2 : 1;
    return Cell{.level = static_cast<std::uint8_t>(near.level < deepest ? near.level : deepest)};
  }
  void set_cell(unsigned slot, std::uint64_t gfn, const Cell& cell) noexcept {
    if (cell.level == 3 && gfn % kHalf < 2) {
      vms[slot].cells[(gfn < kHalf ? 0 : 2) + gfn % kHalf] = cell;
    } else {
      outside = outside || cell != this->cell(slot, gfn);
    }
  }
  void split(unsigned slot, std::uint64_t gfn) noexcept {
    const unsigned first = gfn < kHalf ? 0 : 2;
    outside = outside || gfn % kHalf >= 512 || vms[slot].cells[first].mapped;
    for (unsigned i = 0; i < 2; ++i) ++vms[slot].cells[first + i].level;
  }

  // Forgets what means nothing any more: what a dead VM does not borrow, and its tables once nothing is mapped.
  void normalise() noexcept {
    for (auto& [vm, cells, vcpus] : vms) {
      if (vm.life != Life::building) vm.next_image = 0;
      if (vm.life != Life::dead) continue;
      for (Cell& cell : cells) {
        if (!cell.mapped || cell.owned) cell = Cell{.level = cell.level};
      }
      if (vm.mapped != 0) continue;
      vm.pool = 0;
      cells = {};
    }
  }
};

static_assert(spec::State<SpecState>);

}  // namespace redoubt::explorer
