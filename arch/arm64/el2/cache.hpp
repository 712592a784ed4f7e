// SPDX-License-Identifier: Apache-2.0
// What EL2 does to whole pages: clearing them, and making every CPU forget the instructions they held.
#pragma once

#include <cstdint>

#include "arch/arm64/common/cache.hpp"
#include "base/addr.hpp"

namespace redoubt::arm64 {

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

namespace detail {

inline constexpr std::uint64_t kUsualLine = 64;
inline constexpr std::uint64_t kGroup = 8 * kUsualLine;

// Eight lines at a time: no instruction waits for the one before, and hardly any is there for the loop alone.
#define RD_EACH_LINE(operation, at)                                                                           \
  asm volatile(operation ", %0\n" operation ", %1\n" operation ", %2\n" operation ", %3\n" operation          \
                         ", %4\n" operation ", %5\n" operation ", %6\n" operation ", %7"                      \
               :                                                                                              \
               : "r"(at), "r"((at) + 64), "r"((at) + 128), "r"((at) + 192), "r"((at) + 256), "r"((at) + 320), \
                 "r"((at) + 384), "r"((at) + 448)                                                             \
               : "memory")

}  // namespace detail

// Cleans and invalidates whole pages to the point of coherency.
inline void clean_pages_to_poc(std::uint64_t va, std::uint64_t pages) noexcept {
  const std::uint64_t end = va + pages * kPageSize;
  if (data_line_bytes() != detail::kUsualLine) {
    return clean_invalidate_to_poc(reinterpret_cast<const void*>(va), end - va);
  }
  for (std::uint64_t at = va; at != end; at += detail::kGroup) RD_EACH_LINE("dc civac", at);
  dsb_sy();
}

// Zeroes whole pages, then cleans and invalidates them to the point of coherency; `before`: cleans and invalidates them
// first, too. Operations on one line keep their order: cache maintenance by address is ordered against stores to the same
// line (Arm ARM D7.5.9).
inline void zero_pages_to_poc(std::uint64_t va, std::uint64_t pages, bool before) noexcept {
  const std::uint64_t end = va + pages * kPageSize;
  const bool zva_of_a_line = (RD_READ_SYSREG(DCZID_EL0) & 0x1f) == 4 && data_line_bytes() == detail::kUsualLine;
  if (!zva_of_a_line) {
    if (before) clean_pages_to_poc(va, pages);
    for (std::uint64_t at = va; at != end; at += kPageSize) zero_page(at);
    return clean_pages_to_poc(va, pages);
  }
  for (std::uint64_t at = va; at != end; at += detail::kGroup) {
    if (before) RD_EACH_LINE("dc civac", at);
    RD_EACH_LINE("dc zva", at);
    RD_EACH_LINE("dc civac", at);
  }
  dsb_sy();
}

}  // namespace redoubt::arm64
