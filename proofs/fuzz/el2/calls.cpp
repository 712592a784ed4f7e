// SPDX-License-Identifier: Apache-2.0
// Hypercalls, guest calls, aborts and traps in any order through hyp's own entry points, compiled from hyp's own sources.
#include "proofs/fuzz/el2/world.hpp"

extern "C" auto LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) -> int {
  redoubt::fuzz::Arguments input{data, size};
  redoubt::fuzz::World world{input, input.pick(8) != 0};
  while (!input.done()) world.step();
  world.finish();
  return 0;
}
