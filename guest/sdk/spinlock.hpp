// SPDX-License-Identifier: Apache-2.0
// A lock for the CPUs of one guest. It masks interrupts, so a handler may take it too.
#pragma once

#include <atomic>
#include <cstdint>

#include "arch/arm64/common/barrier.hpp"
#include "arch/arm64/common/sysreg_access.hpp"

namespace redoubt::guest {

class SpinLock {
 public:
  class [[nodiscard]] Holder {
   public:
    explicit Holder(SpinLock& lock) noexcept : lock_(lock), daif_(arm64::mask_irqs()) {
      while (lock_.taken_.exchange(1, std::memory_order_acquire) != 0) arm64::yield();
    }
    ~Holder() {
      lock_.taken_.store(0, std::memory_order_release);
      arm64::restore_daif(daif_);
    }
    Holder(const Holder&) = delete;
    auto operator=(const Holder&) -> Holder& = delete;

   private:
    SpinLock& lock_;
    std::uint64_t daif_;
  };

 private:
  std::atomic<std::uint32_t> taken_{0};
};

}  // namespace redoubt::guest
