// SPDX-License-Identifier: Apache-2.0
#include "proofs/prover/engine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "proofs/prover/facts.hpp"

namespace redoubt::prover {
namespace {

// What Z3 makes of a term once its variables have these values.
auto evaluated(const Word& word, const Word& x, std::uint64_t x_value, const Word& y, std::uint64_t y_value)
    -> std::uint64_t {
  z3::solver solver{z3_context()};
  solver.add(x.term() == Word{x_value, x.bits()}.term() && y.term() == Word{y_value, y.bits()}.term());
  EXPECT_EQ(solver.check(), z3::sat);
  return solver.get_model().eval(word.term(), true).get_numeral_uint64();
}

TEST(Word, NumbersAndTermsAgree) {
  const Word x = Word::variable("x", 32);
  const Word y = Word::variable("y", 32);
  std::mt19937_64 random{1};
  const std::vector<Word (*)(const Word&, const Word&)> operations = {
      [](const Word& a, const Word& b) { return a + b; },
      [](const Word& a, const Word& b) { return a - b; },
      [](const Word& a, const Word& b) { return a * b; },
      [](const Word& a, const Word& b) { return (a & b) ^ (a | b); },
      [](const Word& a, const Word& b) { return shift_left(a, b & Word{63, 32}); },
      [](const Word& a, const Word& b) { return shift_right(a, b & Word{63, 32}); },
      [](const Word& a, const Word& b) { return shift_right_signed(a, b & Word{63, 32}); },
      [](const Word& a, const Word& b) { return as_word(a < b); },
      [](const Word& a, const Word& b) { return as_word(less_signed(a, b)); },
      [](const Word& a, const Word& b) { return join(part(a, 5, 9), part(b, 0, 7)); },
      [](const Word& a, const Word&) { return widen_signed(part(a, 0, 20), 50); },
      [](const Word& a, const Word& b) { return choose(a <= b, a, b); },
  };
  for (int i = 0; i < 12; ++i) {
    const std::uint64_t a = random() & 0xffff'ffff;
    const std::uint64_t b = i % 3 == 0 ? a : random() & 0xffff'ffff;
    for (const auto operation : operations) {
      const Word number = operation(Word{a, 32}, Word{b, 32});
      ASSERT_TRUE(number.known());
      ASSERT_EQ(evaluated(operation(x, y), x, a, y, b), number.value());
    }
  }
}

TEST(Unknowns, EqualPlacesHoldEqualValues) {
  Engine engine;
  unsigned paths = 0;
  engine.explore([&] {
    const Word x = engine.fresh("x", 8);
    const Word y = engine.fresh("y", 8);
    const Word of_x = unknown("f", {x}, 16);
    const Word of_y = unknown("f", {y}, 16);
    EXPECT_EQ(engine.branch(x == y), !engine.possible(of_x != of_y));
    const Word late = engine.fresh("late", 8);
    engine.assume(late == x);
    EXPECT_FALSE(engine.possible(unknown("f", {late}, 16) != of_x));
    EXPECT_TRUE(engine.possible(unknown("g", {x}, 16) != of_x));
    ++paths;
  });
  EXPECT_EQ(paths, 2);
}

TEST(Engine, TakesEveryFeasiblePathOnce) {
  Engine engine;
  std::vector<unsigned> seen;
  engine.explore([&] {
    const Word x = engine.fresh("x", 8);
    unsigned path = engine.branch(x < Word{10, 8}) ? 1 : 0;
    path |= engine.branch(x < Word{20, 8}) ? 2 : 0;  // implied by the first
    path |= engine.branch(part(x, 0, 1) == Word{1, 1}) ? 4 : 0;
    seen.push_back(path);
  });
  std::ranges::sort(seen);
  EXPECT_EQ(seen, (std::vector<unsigned>{0, 2, 3, 4, 6, 7}));
}

TEST(Engine, CasesStandBelowTheirPath) {
  Engine engine;
  unsigned cases = 0;
  engine.explore([&] {
    const Word x = engine.fresh("x", 8);
    const bool small = engine.branch(x < Word{2, 8});
    engine.explore_cases([&] {
      const bool zero = engine.branch(x == Word{0, 8});
      EXPECT_TRUE(small || !zero);
      ++cases;
    });
  });
  EXPECT_EQ(cases, 3);
}

TEST(Engine, RefutesAndShowsAnExample) {
  Engine engine;
  const auto wrong = [&] {
    const Word x = engine.fresh("x", 64);
    engine.assume(x < Word{100});
    engine.require(x != Word{42}, "x is not 42");
  };
  EXPECT_THROW(engine.explore(wrong), Refuted);
  engine.explore([&] {
    const Word x = engine.fresh("x", 64);
    engine.assume(x < Word{42});
    engine.require(x != Word{42}, "x is not 42");
    EXPECT_TRUE(engine.possible(x == Word{41}));
    EXPECT_EQ(engine.example(x), 41);
  });
}

TEST(Facts, ArithmeticOfBlocksThatIsAssumed) {
  Engine engine;
  engine.explore([&] {
    World world{engine};
    const Word frame = engine.fresh("frame", kFrameBits);
    EXPECT_FALSE(engine.possible(is_ram(world, frame) & !in_ram_block(world, frame)));
    EXPECT_TRUE(engine.possible(is_ram(world, frame)));
  });
}

}  // namespace
}  // namespace redoubt::prover
