// SPDX-License-Identifier: Apache-2.0
#include "proofs/fuzz/judge.hpp"

#include <cstdio>
#include <cstdlib>

namespace redoubt::fuzz {
namespace {

std::uint64_t checked = 0;
std::uint64_t running_seed = 0;

// libFuzzer leaves by _exit() after a crash, which runs no destructor: then nothing is said, and nothing need be.
struct SayAtExit {
  ~SayAtExit() { std::fprintf(stderr, "checked calls: %llu\n", static_cast<unsigned long long>(checked)); }
} say_at_exit;

}  // namespace

void broken(std::string_view rule) {
  std::fprintf(stderr, "BROKEN RULE: %.*s\n", static_cast<int>(rule.size()), rule.data());
  if (running_seed != 0) std::fprintf(stderr, "seed %llu\n", static_cast<unsigned long long>(running_seed));
  std::abort();
}

void count_checked(std::uint64_t calls) { checked += calls; }
auto checked_calls() -> std::uint64_t { return checked; }
void now_running(std::uint64_t seed) { running_seed = seed; }

}  // namespace redoubt::fuzz
