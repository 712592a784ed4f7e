// SPDX-License-Identifier: Apache-2.0
// Where things are in RAM at boot: what the loader put there, and the carve-out that Redoubt takes from the top.
#pragma once

#include <cstdint>

#include "base/addr.hpp"
#include "hyp/fdt/platform.hpp"

namespace redoubt::hyp {

// The host kernel (arm64 Image) as found: in this image's own payload, or as a multiboot module.
struct HostImage {
  fdt::PaRange memory;  // image_size bytes from its load address: what it will use before it reads its device tree
  fdt::PaRange file;    // the part of it that the loader filled
  std::string_view bootargs;           // of the multiboot module, else empty
  std::optional<fdt::PaRange> initrd;  // of a multiboot ramdisk module
};

// Panics with what is missing or wrong and how to mend it. Maps what it must read.
[[nodiscard]] auto find_host_image(const fdt::PlatformInfo& info, Pa image_pa) noexcept -> HostImage;

// A run of `bytes` at the top of a RAM range, page aligned, clear of everything in use and of the reset marker. Panics if RAM is too small.
[[nodiscard]] auto place_carve_out(const fdt::PlatformInfo& info, std::uint64_t bytes,
                                   std::span<const fdt::PaRange> in_use, const fdt::PaRange& marker) noexcept
    -> fdt::PaRange;

}  // namespace redoubt::hyp
