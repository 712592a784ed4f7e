// SPDX-License-Identifier: Apache-2.0
// Stage 1 of a guest: an identity map in 1 GiB blocks, so that caches and exclusive accesses work.
#pragma once

#include <cstdint>

#include "base/addr.hpp"

namespace redoubt::guest {

enum class MemoryKind : std::uint8_t { Device = 0, Normal = 1 };  // the MAIR index set in start.S

// Adds the 1 GiB block around `address`. Entries only go from invalid to valid, so no break-before-make is needed;
// an entry that is there already stays. Reaches two 512 GiB regions: the lowest and one other.
void map_gigabyte(Ipa address, MemoryKind kind) noexcept;

// TTBR0 of the regime, for CPUs that are started later.
[[nodiscard]] auto translation_root() noexcept -> std::uint64_t;

}  // namespace redoubt::guest
