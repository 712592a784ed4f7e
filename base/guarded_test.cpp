// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "base/guarded.hpp"

#include <gtest/gtest.h>

namespace redoubt {
namespace {

struct CountingLock {
  void acquire() noexcept { held = true; }
  void release() noexcept { held = false; }
  static inline bool held = false;
};

TEST(Guarded, good_lock_is_held_exactly_in_the_scope) {
  Guarded<int, CountingLock> number{std::in_place, 41};
  {
    Locked value{number};
    EXPECT_TRUE(CountingLock::held);
    ++*value;
  }
  EXPECT_FALSE(CountingLock::held);
  EXPECT_EQ(number.before_smp(), 42);
}

}  // namespace
}  // namespace redoubt
