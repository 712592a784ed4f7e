// SPDX-License-Identifier: Apache-2.0
#include "proofs/prover/world.hpp"

#include <gtest/gtest.h>

#include "proofs/prover/facts.hpp"

namespace redoubt::prover {
namespace {

TEST(PageMemory, RunsOfWordsAreReadAtAnyPlace) {
  Engine engine;
  engine.explore([&] {
    PageMemory memory{engine};
    const Word page = engine.fresh("page", kFrameBits);
    const Word other = engine.fresh("other", kFrameBits);
    const Word first = engine.fresh("first");
    for (unsigned i = 0; i < 512; ++i) memory.set(page, Word{i, 9}, first + Word{i * 4096ULL});
    const Word hole = engine.fresh("hole", 9);
    memory.set(page, hole, Word{7});
    const Word at = engine.fresh("at", 9);
    const Word expected = choose(at == hole, Word{7}, first + widen(at, 64) * Word{4096});
    EXPECT_FALSE(engine.possible(memory.now(page, at) != expected));
    const bool same = engine.branch(other == page);
    EXPECT_EQ(engine.possible(memory.now(other, at) != expected), !same);
  });
}

TEST(NumberArray, TheNewestWriteToTheSamePlaceCounts) {
  Engine engine;
  engine.explore([&] {
    NumberArray array{engine, "array", 32};
    const Word a = engine.fresh("a", kFrameBits);
    const Word b = engine.fresh("b", kFrameBits);
    array.set(a, Word{1, 32});
    array.set(b, Word{2, 32});
    const Word now = array.now(a);
    EXPECT_FALSE(engine.possible(now != choose(a == b, Word{2, 32}, Word{1, 32})));
    EXPECT_TRUE(array.log()[1].old.is(1) == engine.branch(a == b));
  });
}

TEST(CoreCells, MembersOfAVmByIndex) {
  Engine engine;
  engine.explore([&] {
    World world{engine};
    const Layout& layout = core_layout();
    const auto& size = layout.cells[static_cast<unsigned>(Cell::pool_size)];
    const Word vm = engine.fresh("vm", 5);
    Pointer at{kCore, size.offset, {{widen(vm, 64), layout.vm_bytes}}, {}};
    world.cells.store(at, 4, Word{9, 32});
    EXPECT_TRUE(world.cells.load(at, 4).word()->is(9));
    const Word other = engine.fresh("other", 5);
    EXPECT_EQ(engine.branch(other == vm), world.cells.now(Cell::pool_size, other).is(9));
    at.steps[0].index = Word::variable("any", 64);
    EXPECT_THROW((static_cast<void>(world.cells.load(at, 4)), engine.settle()), Refuted);
  });
}

TEST(Facts, TheLemmaFollowsFromWhatBootMade) {
  Engine engine;
  engine.explore([&] {
    World world{engine};
    const Word frame = engine.fresh("frame", kFrameBits);
    EXPECT_TRUE(engine.possible(is_ram(world, frame)));
    EXPECT_FALSE(engine.possible(!ram_lemma(world, frame)));
  });
}

// The assumed invariant is no contradiction: a machine with a page of each kind satisfies it.
TEST(Facts, TheInvariantCanBeTrue) {
  Engine engine;
  engine.explore([&] {
    World world{engine};
    const Word frame = engine.fresh("frame", kFrameBits);
    const Word vm = engine.fresh("vm", 5);
    know_page(world, frame);
    know_host_map(world, frame);
    know_vm(world, vm);
    const Word entry = world.entries.initial(frame);
    const Flag there = is_ram(world, frame);
    EXPECT_TRUE(engine.possible(there & entry == Word{0, 32}));
    EXPECT_TRUE(engine.possible(there & owner_of(entry) == Word{1, 2}));
    EXPECT_TRUE(engine.possible(there & owner_of(entry) == Word{2, 2}));
    EXPECT_FALSE(engine.possible(there & owner_of(entry) == Word{3, 2}));
    EXPECT_TRUE(engine.possible(tables_alive(View{world, false}, vm)));
  });
}

}  // namespace
}  // namespace redoubt::prover
