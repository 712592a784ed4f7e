// SPDX-License-Identifier: Apache-2.0
// Symbols of the linker script and of the assembly of boot.
#pragma once

#include <cstdint>

extern "C" {
extern char __image_start[], __idmap_start[], __idmap_end[], __text_end[], __rodata_end[], __image_end[];
extern char __boot_text_start[], __boot_data_start[];
extern char secondary_entry[];
// The record that ./rd pack fills (entry.S).
extern const volatile std::uint64_t payload_record[4];
}

namespace redoubt::hyp {

[[nodiscard]] inline auto image_offset(const void* symbol) noexcept -> std::uint64_t {
  return reinterpret_cast<std::uint64_t>(symbol) - reinterpret_cast<std::uint64_t>(__image_start);
}

}  // namespace redoubt::hyp
