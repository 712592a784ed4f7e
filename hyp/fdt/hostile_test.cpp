// SPDX-License-Identifier: Apache-2.0
// Malformed blobs: whatever the bytes are, every function answers, and touches nothing outside (the sanitizers watch).
#include <gtest/gtest.h>

#include <random>

#include "hyp/fdt/policy.hpp"
#include "hyp/fdt/rewrite.hpp"
#include "hyp/fdt/test_tree.hpp"
#include "hyp/fdt/windows.hpp"

namespace redoubt::hyp::fdt::test {
namespace {

struct Outcome {
  int refused = 0;    // by open()
  int unusable = 0;   // by scan()
  int rewritten = 0;  // and the output opened again
  int calls = 0;
};

// Runs everything on `blob`, which is copied to exactly as many bytes so that one byte too far is seen.
void exercise(std::span<const std::byte> blob, Outcome& outcome) {
  const Policy kPolicies[] = {{}, {.dma = Dma::OPEN, .private_uart = Pa{0x9000000}}};
  const Policy& policy = kPolicies[outcome.calls++ % 2];
  const Blob exact{blob.begin(), blob.end()};
  const auto reader = Reader::open(exact);
  if (!reader) {
    ++outcome.refused;
    return;
  }
  PlatformInfo info;
  const bool usable = scan(*reader, info).has_value();
  outcome.unusable += usable ? 0 : 1;
  RemovedLog log;
  list_removed(*reader, policy, log);
  Windows windows;
  const bool windows_fit = mmio_windows(*reader, policy, info, {}, windows).has_value();
  for (const PaRange& window : windows.set.ranges()) {
    ASSERT_LT(window.begin, window.end);
    for (const PaRange& ram : info.ram.ranges()) ASSERT_TRUE(!window.overlaps(ram) || !windows_fit);
  }
  Blob out(exact.size() + 2048);
  const auto size = rewrite(*reader, info, policy, full_edits(), out);
  if (!size) return;
  ++outcome.rewritten;
  ASSERT_TRUE(Reader::open(std::span{out}.first(*size)));
}

TEST(Hostile, every_truncation) {
  for (const char* name : {"qemu_virt", "board"}) {
    const Blob blob = load(name);
    Outcome outcome;
    for (std::size_t length = 0; length < blob.size(); ++length) exercise(std::span{blob}.first(length), outcome);
    EXPECT_EQ(outcome.refused, static_cast<int>(blob.size())) << "a short blob was accepted";
  }
}

// A blob whose header agrees with its truncated length.
TEST(Hostile, every_truncation_with_a_matching_header) {
  Blob blob = load("board");
  Outcome outcome;
  for (std::size_t length = 40; length < blob.size(); ++length) {
    for (std::size_t i = 0; i < 4; ++i) blob[4 + i] = std::byte(length >> (24 - 8 * i));
    exercise(std::span{blob}.first(length), outcome);
  }
  EXPECT_EQ(outcome.refused, static_cast<int>(blob.size() - 40)) << "the strings block is the last and always cut";
}

TEST(Hostile, every_byte_changed) {
  const std::byte kPatterns[] = {std::byte{0x01}, std::byte{0xff}};
  Blob blob = load("board");
  Outcome outcome;
  for (std::size_t at = 0; at < blob.size(); ++at) {
    for (const std::byte pattern : kPatterns) {
      blob[at] ^= pattern;
      exercise(blob, outcome);
      blob[at] ^= pattern;
    }
  }
  // Not vacuous: all three outcomes are met.
  EXPECT_GT(outcome.refused, 500);
  EXPECT_GT(outcome.unusable, 100);
  EXPECT_GT(outcome.rewritten, 500);
}

TEST(Hostile, every_word_of_the_structure_an_extreme_number) {
  const std::uint32_t kExtremes[] = {0, 2, 3, 0x7fffffff, 0xfffffff0};
  const Blob good = load("board");
  Outcome outcome;
  for (std::size_t at = 0; at + 4 <= good.size(); at += 4) {
    Blob blob = good;
    for (const std::uint32_t extreme : kExtremes) {
      for (std::size_t i = 0; i < 4; ++i) blob[at + i] = std::byte(extreme >> (24 - 8 * i));
      exercise(blob, outcome);
    }
  }
  EXPECT_GT(outcome.refused, 500);
  EXPECT_GT(outcome.rewritten, 500);
}

TEST(Hostile, random_damage_in_several_places) {
  std::mt19937 random{2};
  const Blob good = load("qemu_smmu");
  Outcome outcome;
  for (int round = 0; round < 1500; ++round) {
    Blob blob = good;
    for (unsigned n = 1 + random() % 6; n > 0; --n) {
      // Past the header, so that most of them get through open().
      const std::size_t at = 56 + random() % (blob.size() - 56);
      blob[at] = random() % 2 == 0 ? std::byte(random()) : std::byte{0};
    }
    exercise(blob, outcome);
  }
  EXPECT_GT(outcome.refused, 100);
  EXPECT_GT(outcome.rewritten, 100);
}

}  // namespace
}  // namespace redoubt::hyp::fdt::test
