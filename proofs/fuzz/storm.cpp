// SPDX-License-Identifier: Apache-2.0
// A fuzz target without a fuzzer: random inputs from a seed, as many as fill a number of checked calls. No coverage and no
// sanitizers, so the calls are a hundred times as many in the same time. Usage: fuzz_core_storm seed calls
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "proofs/fuzz/judge.hpp"

extern "C" auto LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) -> int;

namespace {

constexpr std::size_t kLongest = 4096;  // bytes: some hundred calls on one machine
constexpr std::uint64_t kSay = 10'000'000;

// Random words, and now and then one that was there before: sequences that do a thing twice.
void fill(std::vector<std::uint8_t>& input, std::mt19937_64& random) {
  input.resize(64 + random() % kLongest);
  for (std::size_t at = 0; at + 8 <= input.size(); at += 8) {
    const std::uint64_t word = random();
    const std::size_t from = word % 8 == 0 && at != 0 ? (word >> 8) % at : at;
    for (unsigned n = 0; n < 8; ++n)
      input[at + n] = from == at ? static_cast<std::uint8_t>(word >> (8 * n)) : input[from + n];
  }
}

}  // namespace

auto main(int argc, char** argv) -> int {
  if (argc != 3) return 2;
  const std::uint64_t seed = std::strtoull(argv[1], nullptr, 0);
  const std::uint64_t calls = std::strtoull(argv[2], nullptr, 0);
  std::vector<std::uint8_t> input;
  std::uint64_t said = 0;
  for (std::uint64_t number = 0; redoubt::fuzz::checked_calls() < calls; ++number) {
    std::mt19937_64 random{seed + number};
    fill(input, random);
    redoubt::fuzz::now_running(seed + number);
    LLVMFuzzerTestOneInput(input.data(), input.size());
    if (redoubt::fuzz::checked_calls() / kSay == said) continue;
    said = redoubt::fuzz::checked_calls() / kSay;
    std::fprintf(stderr, "#%llu million calls, input %llu\n",
                 static_cast<unsigned long long>(said * (kSay / 1'000'000)),
                 static_cast<unsigned long long>(seed + number));
  }
  return 0;
}
