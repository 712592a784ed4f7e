// SPDX-License-Identifier: Apache-2.0
// What EL2 does to whole pages: clearing them, and making new code visible to every CPU.
#pragma once

#include <cstdint>

#include "arch/arm64/common/cache.hpp"
#include "base/addr.hpp"

namespace redoubt::arm64 {

inline void clean_to_pou(const void* start, std::size_t bytes) noexcept {
  detail::for_each_line(start, bytes, data_line_bytes(), [](std::uintptr_t at) {
    asm volatile("dc cvau, %0" ::"r"(at) : "memory");
  });
  dsb_ish();
}

// All of the instruction cache: EL2 knows a page by its physical address, at which the guest does not execute it.
inline void icache_invalidate_all() noexcept {
  asm volatile("ic ialluis" ::: "memory");
  dsb_ish();
  isb();
}

// Zeroes a page with DC ZVA, which may be prohibited or of another block size (DCZID_EL0); then with stores.
inline void zero_page(std::uint64_t va) noexcept {
  const auto dczid = RD_READ_SYSREG(DCZID_EL0);
  if ((dczid & 0x1f) == 4) {  // 64-byte blocks and not prohibited: the common case, unrolled
    for (std::uint64_t at = va; at < va + kPageSize; at += 256) {
      asm volatile("dc zva, %0\n dc zva, %1\n dc zva, %2\n dc zva, %3"
                   :
                   : "r"(at), "r"(at + 64), "r"(at + 128), "r"(at + 192)
                   : "memory");
    }
    return;
  }
  for (std::uint64_t at = va; at < va + kPageSize; at += 16) asm volatile("stp xzr, xzr, [%0]" : : "r"(at) : "memory");
}

}  // namespace redoubt::arm64
