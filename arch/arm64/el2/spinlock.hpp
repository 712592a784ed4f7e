// SPDX-License-Identifier: Apache-2.0
// Ticket lock: fair, so that no CPU can starve another by calling in a loop. Interrupts are masked at EL2.
#pragma once

#include <atomic>
#include <cstdint>

namespace redoubt::arm64 {

class SpinLock {
 public:
  constexpr SpinLock() noexcept = default;
  SpinLock(const SpinLock&) = delete;
  auto operator=(const SpinLock&) -> SpinLock& = delete;

  void acquire() noexcept {
    const auto ticket = next_.fetch_add(1, std::memory_order_relaxed);
    // Pairs with the release in release().
    while (serving_.load(std::memory_order_acquire) != ticket) asm volatile("yield" ::: "memory");
  }
  void release() noexcept { serving_.store(serving_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

 private:
  std::atomic<std::uint32_t> next_{0};
  std::atomic<std::uint32_t> serving_{0};
};

}  // namespace redoubt::arm64
