// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Guarded<T, Lock>: data that can be reached only while its lock is held.
//
//   constinit Guarded<Core<El2Machine>, TicketLock> g_core{...};
//   Locked core{g_core};          // takes the lock; the destructor releases it
//   mem_donate(*core, ...);
//
// Lock: `void acquire() noexcept; void release() noexcept;`. Not recursive.
#pragma once

#include <concepts>
#include <utility>

#include "base/thread_safety.hpp"

namespace redoubt {

template <class L>
concept RawLock = requires(L& lock) {
  { lock.acquire() } noexcept;
  { lock.release() } noexcept;
};

template <class T, RawLock Lock>
class Locked;

template <class T, RawLock Lock>
class RD_CAPABILITY("mutex") Guarded {
 public:
  template <class... Args>
  constexpr explicit Guarded(std::in_place_t, Args&&... args) noexcept : value_(std::forward<Args>(args)...) {}
  constexpr Guarded() noexcept = default;
  Guarded(const Guarded&) = delete;
  auto operator=(const Guarded&) -> Guarded& = delete;

  // Before a second CPU runs nothing contends: boot fills the value without the lock.
  [[nodiscard]] constexpr auto before_smp() noexcept -> T& { return value_; }

 private:
  friend class Locked<T, Lock>;
  void acquire() noexcept RD_ACQUIRE() RD_NO_THREAD_SAFETY { lock_.acquire(); }
  void release() noexcept RD_RELEASE() RD_NO_THREAD_SAFETY { lock_.release(); }

  Lock lock_{};
  T value_{};
};

// The scope in which the value is reachable; holding it is the evidence of the lock.
template <class T, RawLock Lock>
class RD_SCOPED_CAPABILITY Locked {
 public:
  explicit Locked(Guarded<T, Lock>& guarded) noexcept RD_ACQUIRE(guarded) : guarded_(guarded) { guarded_.acquire(); }
  ~Locked() noexcept RD_RELEASE() { guarded_.release(); }
  Locked(const Locked&) = delete;
  auto operator=(const Locked&) -> Locked& = delete;

  [[nodiscard]] auto operator*() noexcept -> T& { return guarded_.value_; }
  [[nodiscard]] auto operator->() noexcept -> T* { return &guarded_.value_; }

 private:
  Guarded<T, Lock>& guarded_;
};

}  // namespace redoubt
