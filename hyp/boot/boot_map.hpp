// SPDX-License-Identifier: Apache-2.0
// EL2's tables while they are being built. Until drop_identity() EL2 can also reach, at its physical address, what boot
// code asked for with boot_identity(); afterwards only what layout.h says.
#pragma once

#include <cstdint>

#include "base/addr.hpp"
#include "hyp/mm/stage1.hpp"

namespace redoubt::hyp {

[[nodiscard]] auto boot_builder() noexcept -> Stage1Builder&;

// Makes [pa, pa + bytes) readable and writable at VA = PA, in 2 MiB steps. Panics when the boot pages run out.
void boot_identity(Pa pa, std::uint64_t bytes) noexcept;

// Maps for good; panics on an error (boot has no way to go on).
void boot_map(std::uint64_t va, Pa pa, std::uint64_t bytes, Use use) noexcept;

// The level-3 entry that maps the page at this address of the image, for who unmaps it later.
[[nodiscard]] auto image_entry(const void* page) noexcept -> volatile std::uint64_t*;

// Removes all of the identity map but the page of code that switches the MMU on.
void drop_identity() noexcept;

}  // namespace redoubt::hyp
