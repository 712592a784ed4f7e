// SPDX-License-Identifier: Apache-2.0
// The host's stage 2: an identity map without an allocator. Every 2 MiB block that holds RAM has a level-3 table of its
// own, reserved at boot at a place computed from the block's index, so that splitting can never fail.
#pragma once

#include <cstdint>
#include <span>

#include "base/addr.hpp"
#include "core/pages/page_db.hpp"
#include "core/stage2/geometry.hpp"

namespace redoubt::core {

inline constexpr Vmid kHostVmid{0};

struct HostTables {
  Geometry geometry{};
  Pa root;
  Pa leaf_tables;  // PageDb::blocks() level-3 tables, contiguous
  // Per block: how many of its pages are identity-mapped. Without devices, kBlockPages <=> the level-2 entry is a block.
  std::span<std::uint16_t> mapped{};
  bool fwb = false;
  // Devices walk these tables too. Splitting a block breaks it for a moment, and what a device writes then is lost: there
  // are no blocks.
  bool devices = false;

  [[nodiscard]] constexpr auto leaf_table(BlockIndex block) const noexcept -> Pa {
    return leaf_tables + block.value() * kPageSize;
  }
};

}  // namespace redoubt::core
