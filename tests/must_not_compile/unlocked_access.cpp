// SPDX-License-Identifier: Apache-2.0
// A lock that is taken and not released: the compiler must say so.
#include "base/guarded.hpp"

namespace redoubt {

class RD_CAPABILITY("mutex") NoLock {
 public:
  void acquire() noexcept RD_ACQUIRE() RD_NO_THREAD_SAFETY {}
  void release() noexcept RD_RELEASE() RD_NO_THREAD_SAFETY {}
};

class Counter {
 public:
  void count(bool early) noexcept {
    lock_.acquire();
    if (early) return;
    ++value_;
    lock_.release();
  }
  auto peek() noexcept -> int { return value_; }

 private:
  NoLock lock_;
  int value_ RD_GUARDED_BY(lock_) = 0;
};

}  // namespace redoubt
