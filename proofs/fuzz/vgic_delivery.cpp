// SPDX-License-Identifier: Apache-2.0
// Histories of register writes, lines, SGIs, acknowledges and ends, judged by the reference GIC at each acknowledge and,
// for all pending and active state, every few steps: nothing forged, nothing lost (vgic/delivery_world.hpp).
#include "proofs/fuzz/arguments.hpp"
#include "proofs/fuzz/judge.hpp"
#include "vgic/delivery_history.hpp"

namespace {

constexpr unsigned kStepsBetweenComparisons = 32;

}  // namespace

extern "C" auto LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) -> int {
  using namespace redoubt;
  GTEST_FLAG_SET(throw_on_failure, true);  // uncaught, it ends the process as any broken rule does
  fuzz::Arguments input{data, size};
  const unsigned nr_lrs = input.one_of({2U, 3U, 4U, 16U});
  const bool is_protected = input.coin();
  vgic::DeliveryHistory history{nr_lrs, is_protected, [&input](std::uint64_t n) { return input.pick(n); }};
  for (unsigned step = 1; !input.done(); ++step) {
    history.step();
    if (step % kStepsBetweenComparisons == 0) history.world().compare_all();
    fuzz::count_checked();
  }
  history.drain();
  return 0;
}
