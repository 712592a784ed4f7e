// SPDX-License-Identifier: Apache-2.0
// Fingerprints of large states: a sum over their parts of a 64-bit mix of each. A call changes the sum by what it writes, so
// that comparing the sum with one made afresh shows any change that no call has made.
#pragma once

#include <cstdint>

#include "proofs/spec/common.hpp"

namespace redoubt::oracle {

[[nodiscard]] constexpr auto mix(std::uint64_t a, std::uint64_t b = 0) noexcept -> std::uint64_t {
  std::uint64_t x = a * 0x9e37'79b9'7f4a'7c15U ^ (b + 0x632b'e59b'd9b4'e019U);
  x = (x ^ x >> 30) * 0xbf58'476d'1ce4'e5b9U;
  x = (x ^ x >> 27) * 0x94d0'49bb'1331'11ebU;
  return x ^ x >> 31;
}

[[nodiscard]] constexpr auto packed(const spec::Page& page) noexcept -> std::uint64_t {
  return static_cast<std::uint64_t>(page.kind) | std::uint64_t{page.vm} << 8 | std::uint64_t{page.borrows} << 16 |
         std::uint64_t{page.run} << 32 | std::uint64_t{page.decoy} << 33 | std::uint64_t{page.torn} << 34;
}
[[nodiscard]] constexpr auto packed(const spec::Cell& cell) noexcept -> std::uint64_t {
  return cell.level | static_cast<std::uint64_t>(cell.ripas) << 4 | std::uint64_t{cell.mapped} << 8 |
         std::uint64_t{cell.owned} << 9 | std::uint64_t{cell.torn} << 10 | std::uint64_t{cell.prot} << 12 |
         cell.pfn << 16;
}

// A page that is exclusively the host's, and a cell in which nothing is, add nothing.
[[nodiscard]] constexpr auto share_of(std::uint64_t pfn, const spec::Page& page) noexcept -> std::uint64_t {
  return page == spec::Page{} ? 0 : mix(pfn, packed(page));
}
[[nodiscard]] constexpr auto share_of(std::uint64_t gfn, const spec::Cell& cell) noexcept -> std::uint64_t {
  const bool nothing = !cell.mapped && !cell.torn && cell.ripas == spec::Ripas::empty;
  return nothing ? 0 : mix(gfn, packed(cell));
}

// Of one VM's guest frames: what it borrows outlives the VM's death, the rest does not.
struct CellSums {
  std::uint64_t borrowed = 0;
  std::uint64_t other = 0;

  constexpr auto of(const spec::Cell& cell) noexcept -> std::uint64_t& {
    return cell.mapped && !cell.owned ? borrowed : other;
  }
  constexpr void add(std::uint64_t gfn, const spec::Cell& cell) noexcept { of(cell) += share_of(gfn, cell); }
  constexpr void remove(std::uint64_t gfn, const spec::Cell& cell) noexcept { of(cell) -= share_of(gfn, cell); }
  constexpr auto operator==(const CellSums&) const noexcept -> bool = default;
};

}  // namespace redoubt::oracle
