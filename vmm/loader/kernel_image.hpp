// SPDX-License-Identifier: Apache-2.0
// The header of an arm64 Linux Image (Linux Documentation/arch/arm64/booting.rst, section 4), checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace redoubt::vmm {

inline constexpr std::size_t kImageHeaderBytes = 64;

struct KernelImage {
  std::uint64_t text_offset;   // bytes from a 2 MiB boundary, below 2 MiB
  std::uint64_t memory_bytes;  // what the kernel occupies at run time, including its bss; at least the file's size
};

// header: the first bytes of the file (fewer than kImageHeaderBytes if the file is that short); file_bytes: its size.
// Throws Failure telling which other format it is, if it is a known one.
[[nodiscard]] auto parse_kernel_image(std::span<const std::byte> header, std::uint64_t file_bytes) -> KernelImage;

}  // namespace redoubt::vmm
