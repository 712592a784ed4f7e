// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Never forge, never lose: random histories of a two-vCPU VM through redistributors, distributor and list registers are
// compared with ReferenceGic at each acknowledge, and all pending and active state whenever everything has been folded.
#include <gtest/gtest.h>

#include <random>

#include "vgic/delivery_history.hpp"

namespace redoubt::vgic {
namespace {

class Delivery : public ::testing::TestWithParam<unsigned> {};

TEST_P(Delivery, good_random_history_forges_and_loses_nothing) {
  unsigned delivered = 0;
  for (std::uint64_t seed = 0; seed < 40 && !HasFailure(); ++seed) {
    std::mt19937_64 random{seed};
    DeliveryHistory history{GetParam(), seed % 2 == 0, [&random](std::uint64_t n) { return random() % n; }};
    for (int i = 0; i < 1500 && !HasFailure(); ++i) {
      history.step();
      if (i % 50 == 0) history.world().compare_all();
    }
    if (!HasFailure()) history.drain();
    delivered += history.world().delivered();
    if (HasFailure()) ADD_FAILURE() << "seed " << seed;
  }
  EXPECT_GT(delivered, 8000U) << "the histories exercised too little";
}

INSTANTIATE_TEST_SUITE_P(ListRegisters, Delivery, ::testing::Values(2U, 3U, 4U, 16U));

}  // namespace
}  // namespace redoubt::vgic
