// SPDX-License-Identifier: Apache-2.0
#include "hyp/cpu/leave_boot.hpp"

#include "arch/arm64/common/barrier.hpp"
#include "arch/arm64/el2/cache.hpp"
#include "arch/arm64/el2/tlb.hpp"
#include "base/addr.hpp"

extern "C" {
extern char __boot_text_start[], __boot_text_end[], __boot_data_start[], __boot_data_end[];
}

namespace redoubt::hyp {
namespace {

constinit BootPages pages{};

void unmap(volatile std::uint64_t* first, const char* begin, const char* end) noexcept {
  const auto count = static_cast<std::uint64_t>(end - begin) >> kPageShift;
  for (std::uint64_t n = 0; n < count; ++n) first[n] = 0;
}

}  // namespace

void set_boot_pages(const BootPages& found) noexcept { pages = found; }

// On the new stack: seeds and other secrets of the boot are in the old one.
extern "C" void forget_boot() noexcept {
  for (auto at = reinterpret_cast<std::uint64_t>(__boot_data_start);
       at < reinterpret_cast<std::uint64_t>(__boot_data_end); at += kPageSize) {
    arm64::zero_page(at);
  }
  unmap(pages.data, __boot_data_start, __boot_data_end);
  unmap(pages.code, __boot_text_start, __boot_text_end);
  arm64::dsb_ishst();
  arm64::tlbi_alle2();
  arm64::dsb_nsh();
  asm volatile("ic iallu" ::: "memory");
  arm64::dsb_nsh();
  arm64::isb();
}

}  // namespace redoubt::hyp
