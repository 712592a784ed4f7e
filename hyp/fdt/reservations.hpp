// SPDX-License-Identifier: Apache-2.0
// Whose a reservation is, and the page of the reset marker, which depends on it.
#pragma once

#include <optional>

#include "hyp/fdt/platform.hpp"

namespace redoubt::hyp::fdt {

// True for memory of the firmware. Boot loaders list what they loaded as reserved too: the tree (`dtb`), the initial RAM
// disk, modules. That is the kernel's to reuse and differs from one boot to the next.
[[nodiscard]] auto firmware_owns(const PlatformInfo& info, const PaRange& dtb, const PaRange& reserved) noexcept
    -> bool;

// The highest page of RAM that firmware did not reserve. Nothing that a host can change between two boots (sizes and
// places of the files that the loader loads) moves it. Empty if firmware reserved all RAM.
[[nodiscard]] auto marker_page(const PlatformInfo& info, const PaRange& dtb) noexcept -> std::optional<PaRange>;

}  // namespace redoubt::hyp::fdt
