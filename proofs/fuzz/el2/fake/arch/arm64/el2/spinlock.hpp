// SPDX-License-Identifier: Apache-2.0
// In place of the Arm instructions: with one CPU, a lock that is taken twice would never be free again.
#pragma once

#include "proofs/fuzz/judge.hpp"

namespace redoubt::arm64 {

class SpinLock {
 public:
  constexpr SpinLock() noexcept = default;
  SpinLock(const SpinLock&) = delete;
  auto operator=(const SpinLock&) -> SpinLock& = delete;

  void acquire() noexcept {
    fuzz::require(!held_, "a lock is not taken twice");
    held_ = true;
    ++held_count;
  }
  void release() noexcept {
    fuzz::require(held_, "a lock that is released was held");
    held_ = false;
    --held_count;
  }
  static inline unsigned held_count = 0;  // of all locks

 private:
  bool held_ = false;
};

}  // namespace redoubt::arm64
