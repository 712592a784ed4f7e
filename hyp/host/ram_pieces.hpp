// SPDX-License-Identifier: Apache-2.0
// How much of a declaration of guest RAM one call does: measuring it costs a hash for each naturally aligned piece
// (crypto/realm_measurement.hpp), with interrupts masked and the core lock held.
#pragma once

#include <cstdint>

#include "base/addr.hpp"

namespace redoubt::hyp {

inline constexpr unsigned kMaxRamPieces = 512;

// How many of `pages` from `first` on the first kMaxRamPieces pieces of 1 GiB, 2 MiB or 4 KiB cover. What is left divides
// into the same pieces when the next call begins there.
[[nodiscard]] constexpr auto pages_for_one_call(Gfn first, std::uint64_t pages) noexcept -> std::uint64_t {
  constexpr std::uint64_t kGibPages = kBlockPages * kBlockPages;
  std::uint64_t at = first.value(), left = pages;
  for (unsigned pieces = 0; pieces < kMaxRamPieces && left != 0; ++pieces) {
    std::uint64_t piece = 1;
    if (aligned(at, kBlockPages) && left >= kBlockPages) piece = kBlockPages;
    if (aligned(at, kGibPages) && left >= kGibPages) piece = kGibPages;
    at += piece;
    left -= piece;
  }
  return pages - left;
}

static_assert(pages_for_one_call(Gfn{0}, 0) == 0 && pages_for_one_call(Gfn{7}, 5) == 5);
static_assert(pages_for_one_call(Gfn{1}, 511 + 512) == 511 + 512);      // 511 pages and a block
static_assert(pages_for_one_call(Gfn{1}, 511 + 512 + 1) == 511 + 512);  // one piece too many
static_assert(pages_for_one_call(Gfn{0x40000}, 600ULL << 18) == 512ULL << 18);
static_assert(pages_for_one_call(Gfn{0x200}, ~std::uint64_t{0}) == 511 * 512 + (1ULL << 18));

}  // namespace redoubt::hyp
