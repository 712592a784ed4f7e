// SPDX-License-Identifier: Apache-2.0
// The guest's kernel command line: what the user wrote, plus what makes a guest usable here unless the user said otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace redoubt::vmm::arm64 {

// Adds console=, panic= (so that a panic ends the VM) and, for protected guests, swiotlb=: all their device traffic goes through
// that buffer, and Linux's default of 1 MiB per GiB starves it.
[[nodiscard]] auto complete_bootargs(std::string_view from_user, std::uint64_t ram_bytes, bool is_protected)
    -> std::string;

// Linux reads its keyboard from the last console= named; true if that is hvc0, the virtio console.
[[nodiscard]] auto input_is_virtio(std::string_view bootargs) -> bool;

}  // namespace redoubt::vmm::arm64
