// SPDX-License-Identifier: Apache-2.0
// Cache maintenance by virtual address over a byte range. Ranges are widened to whole lines; each ends with a DSB.
#pragma once

#include <cstddef>
#include <cstdint>

#include "arch/arm64/common/barrier.hpp"
#include "arch/arm64/common/sysreg_access.hpp"
#include "base/bits.hpp"

namespace redoubt::arm64 {

namespace ctr {
using IMINLINE = Field<0, 4>;   // log2 of words in the smallest instruction line
using DMINLINE = Field<16, 4>;  // the same of the data lines
using IDC = Field<28>;          // 1: no clean to PoU needed before instruction fetch
using DIC = Field<29>;          // 1: no instruction invalidate needed
}  // namespace ctr

[[nodiscard]] inline auto data_line_bytes() noexcept -> std::size_t {
  return std::size_t{4} << ctr::DMINLINE::of(RD_READ_SYSREG(CTR_EL0));
}
[[nodiscard]] inline auto instruction_line_bytes() noexcept -> std::size_t {
  return std::size_t{4} << ctr::IMINLINE::of(RD_READ_SYSREG(CTR_EL0));
}

namespace detail {
template <class Operation>
inline void for_each_line(const void* start, std::size_t bytes, std::size_t line, Operation operation) noexcept {
  const auto first = align_down(reinterpret_cast<std::uintptr_t>(start), line);
  const auto end = reinterpret_cast<std::uintptr_t>(start) + bytes;
  for (std::uintptr_t at = first; at < end; at += line) operation(at);
}
}  // namespace detail

// Clean to the point of coherency: what this CPU wrote becomes visible to accesses with caches off and to devices.
inline void clean_to_poc(const void* start, std::size_t bytes) noexcept {
  detail::for_each_line(start, bytes, data_line_bytes(), [](std::uintptr_t at) {
    asm volatile("dc cvac, %0" ::"r"(at) : "memory");
  });
  dsb_sy();
}

inline void clean_invalidate_to_poc(const void* start, std::size_t bytes) noexcept {
  detail::for_each_line(start, bytes, data_line_bytes(), [](std::uintptr_t at) {
    asm volatile("dc civac, %0" ::"r"(at) : "memory");
  });
  dsb_sy();
}

// After writing instructions: makes them fetchable on every CPU of the inner shareable domain (Arm ARM B2.7.4.2).
inline void sync_instructions(const void* start, std::size_t bytes) noexcept {
  const std::uint64_t type = RD_READ_SYSREG(CTR_EL0);
  if (ctr::IDC::of(type) == 0) {
    detail::for_each_line(start, bytes, data_line_bytes(), [](std::uintptr_t at) {
      asm volatile("dc cvau, %0" ::"r"(at) : "memory");
    });
  }
  dsb_ish();
  if (ctr::DIC::of(type) == 0) {
    detail::for_each_line(start, bytes, instruction_line_bytes(), [](std::uintptr_t at) {
      asm volatile("ic ivau, %0" ::"r"(at) : "memory");
    });
    dsb_ish();
  }
  isb();
}

}  // namespace redoubt::arm64
