// SPDX-License-Identifier: Apache-2.0
// What a fuzz target says about what it saw. The first broken rule ends the process; libFuzzer then keeps the input.
#pragma once

#include <cstdint>
#include <string_view>

namespace redoubt::fuzz {

[[noreturn]] void broken(std::string_view rule);

inline void require(bool holds, std::string_view rule) {
  if (!holds) broken(rule);
}

// One call of the code under test whose result was judged. The sum is printed when the process ends.
void count_checked(std::uint64_t calls = 1);
[[nodiscard]] auto checked_calls() -> std::uint64_t;

// What broken() names besides the rule: the seed of the input that runs. Only where no fuzzer keeps the input.
void now_running(std::uint64_t seed);

}  // namespace redoubt::fuzz
