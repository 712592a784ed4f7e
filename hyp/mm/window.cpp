// SPDX-License-Identifier: Apache-2.0
#include "hyp/mm/window.hpp"

#include "arch/arm64/common/barrier.hpp"
#include "arch/arm64/el2/tlb.hpp"
#include "hyp/log/panic.hpp"
#include "hyp/mm/stage1.hpp"

namespace redoubt::hyp {

Window::Window(Pfn first, std::uint64_t pages) noexcept {
  auto& cpu = this_cpu();
  const bool block = pages == kBlockPages;
  RD_CHECK(pages == 1 || block);
  entry_ = block ? cpu.block_window : cpu.page_window;
  va_ = cpu.window_va + (block ? kBlockSize : 0);
  RD_CHECK(*entry_ == 0);
  *entry_ = stage1::leaf(pa_of(first), Use::DATA, !block);
  arm64::dsb_ishst();
  arm64::isb();
}

Window::~Window() {
  // This CPU alone uses the virtual address, but all walk the same tables and may have done so speculatively.
  *entry_ = 0;
  arm64::dsb_ishst();
  arm64::tlbi_vae2is(va_);
  arm64::dsb_ish();
  arm64::isb();
}

}  // namespace redoubt::hyp
