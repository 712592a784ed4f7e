// SPDX-License-Identifier: Apache-2.0
// Counts are what the invariant says of many pages at once. Each call must change a count by exactly what its writes change
// of the pages that are counted; by induction the count is their number.
#include <functional>

#include "proofs/prover/facts.hpp"
#include "proofs/prover/goals.hpp"

namespace redoubt::prover {
namespace {

using Counted = std::function<Flag(const Word& entry)>;

// How many more pages there are now whose entry is counted.
auto change(World& world, const Counted& counted) -> Word {
  Word sum{0};
  for (const auto& write : world.entries.log()) {
    sum = sum + widen(as_word(counted(write.value)), 64) - widen(as_word(counted(write.old)), 64);
  }
  return sum;
}

auto is_owner(const Word& entry, unsigned owner) -> Flag { return owner_of(entry) == Word{owner, 2}; }
auto is_meta(const Word& entry) -> Flag { return is_owner(entry, 1) & part(entry, 10, 1) == Word{0, 1}; }

void must(World& world, const Word& now, const Word& before, const Word& change, const char* what) {
  if (world.engine.possible(now - before != part(change, 0, now.bits()))) throw Refuted{std::string{what} + " broken"};
}

}  // namespace

void prove_counts(World& world) {
  const Word vm = world.engine.fresh("vm", 5);
  know_vm(world, vm);
  CoreCells& cells = world.cells;
  const auto of_vm = [&](Cell cell, const Word& changed, const char* what) {
    must(world, cells.now(cell, vm), cells.initial(cell, vm), changed, what);
  };
  const auto in_all = [&](Cell cell, const Word& changed, const char* what) {
    must(world, cells.now(cell), cells.initial(cell), changed, what);
  };
  Word borrowed_here{0};
  Word borrowed{0};
  for (const auto& each : world.borrow_changes()) {
    borrowed = borrowed + each.pages;
    borrowed_here = borrowed_here + choose(each.vm == vm, each.pages, Word{0});
  }
  const auto owned = [&](const Word& entry) { return is_owner(entry, 2); };
  const auto here = [&](const Word& entry) { return slot_in(entry) == vm; };
  of_vm(Cell::meta_pages, change(world, [&](const Word& entry) { return is_meta(entry) & here(entry); }),
        "VM's meta pages");
  of_vm(Cell::mapped_pages,
        borrowed_here + change(world, [&](const Word& entry) { return owned(entry) & here(entry); }),
        "VM's mapped pages");
  in_all(Cell::count_hyp, change(world, is_meta), "sum of meta pages");
  in_all(Cell::count_guest, change(world, owned), "sum of guest pages");
  in_all(Cell::count_borrowed, borrowed, "sum of borrowed pages");
}

}  // namespace redoubt::prover
