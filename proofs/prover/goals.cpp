// SPDX-License-Identifier: Apache-2.0
#include "proofs/prover/goals.hpp"

#include <functional>

#include "proofs/prover/facts.hpp"

namespace redoubt::prover {
namespace {

auto hex(std::uint64_t value) -> std::string {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

auto places(const Engine& engine, const std::vector<std::pair<std::string, Word>>& named) -> std::string {
  std::string text;
  for (const auto& [name, word] : named) text += " " + name + "=" + hex(engine.example(word));
  return text;
}

void must(World& world, const Flag& holds, const std::string& what,
          const std::vector<std::pair<std::string, Word>>& named) {
  if (world.engine.possible(!holds)) throw Refuted{what + " broken:" + places(world.engine, named)};
}

// How much the number of the host's pages in a block changed.
auto host_pages_change(World& world, const Word& block) -> Word {
  Word change{0, 16};
  for (const auto& write : world.entries.log()) {
    const Word one = as_word(is_host_owned(write.value));
    const Word zero = as_word(is_host_owned(write.old));
    const Flag here = block_of(write.index) == block;
    change = change + choose(here, widen(one, 16) - widen(zero, 16), Word{0, 16});
  }
  return change;
}

// By its meaning, a count of 512 is: every page of the block is the host's.
void know_count(World& world, const Word& frame) {
  const View now{world, true};
  const Word block = block_of(frame);
  const Word count = world.mapped.initial(block) + host_pages_change(world, block);
  const Flag host = Flag{world.engine.branch(is_ram(world, frame))} & is_host_owned(now.entry(frame));
  world.engine.assume(implies(in_ram_block(world, frame), count <= Word{512, 16} & (host | count != Word{512, 16}) &
                                                              (!host | count != Word{0, 16})));
}

void constants(World& world) {
  for (const CellInfo& each : core_layout().cells) {
    const bool boot =
        each.cell <= Cell::host_devices || each.cell == Cell::max_ipa_bits || each.cell == Cell::guest_fwb;
    if (boot && world.cells.written(each.cell)) throw Refuted{each.name + " is written"};
  }
}

void page(World& world) {
  const Word frame = world.engine.fresh("q", kFrameBits);
  know_page(world, frame);
  const View now{world, true};
  must(world, page_word_ok(world, now, frame), "page word", {{"page", frame}});
}

void host_map(World& world) {
  const Word frame = world.engine.fresh("q", kFrameBits);
  if (!world.engine.branch(in_ram_block(world, frame))) return;
  know_page(world, frame);
  know_host_map(world, frame);
  know_count(world, frame);
  const View now{world, true};
  must(world, host_map_ok(world, now, frame), "host map", {{"page", frame}});
}

void host_count(World& world) {
  const Word frame = world.engine.fresh("q", kFrameBits);
  if (!world.engine.branch(in_ram_block(world, frame))) return;
  const Word block = block_of(frame);
  const Word expected = world.mapped.initial(block) + host_pages_change(world, block);
  must(world, world.mapped.now(block) == expected, "count of the host's pages", {{"block", block}});
}

// What the host's tables say of frames that are no RAM, and above level 2, no call changes.
void host_rest(World& world) {
  const Word frame = world.engine.fresh("table", kFrameBits);
  const Word index = world.engine.fresh("i", 9);
  const Word role = World::role_initial(frame).role;
  const Word number = World::role_initial(frame).number;
  const Word covered =
      shift_left(number, Word{18, kFrameBits}) + shift_left(widen(index, kFrameBits), Word{9, kFrameBits});
  const bool upper = world.engine.branch(role == role_word(Role::host_upper));
  const bool middle = !upper && world.engine.branch(role == role_word(Role::host_middle));
  if (!upper && !(middle && world.engine.branch(!in_ram_block(world, covered)))) return;
  must(world, world.memory.now(frame, index) == PageMemory::initial(frame, index), "host tables beyond RAM",
       {{"table", frame}, {"entry", index}});
}

void vm(World& world) {
  const Word which = world.engine.fresh("vm", 5);
  know_vm(world, which);
  const View now{world, true};
  must(world, vm_ok(world, now, which), "VM", {{"vm", which}});
}

void pool(World& world) {
  const Word which = world.engine.fresh("vm", 5);
  const Word at = world.engine.fresh("at", 6);
  const Word index = world.engine.fresh("i", 9);
  know_cell(world, {Cell::pool, which, at});
  const Word frame = part(world.cells.initial(Cell::pool, which, at), 0, kFrameBits);
  know_page(world, frame);
  know_pool_word(world, frame, index);
  const View now{world, true};
  must(world, pool_ok(world, now, which, at, index), "pool", {{"vm", which}, {"at", at}, {"word", index}});
}

void table_entry(World& world) {
  const Word frame = world.engine.fresh("table", kFrameBits);
  const Word index = world.engine.fresh("i", 9);
  know_page(world, frame);
  for (const Role each : {Role::root, Role::middle, Role::leaf}) {
    if (!world.is(frame, each)) continue;
    know_table_entry(world, each, frame, index);
    know_vm(world, world.role_now(frame).vm);
    const Word target = part(PageMemory::initial(frame, index), 12, kFrameBits);
    know_page(world, target);
    const View now{world, true};
    must(world, table_entry_ok(world, now, each, frame, index), "entry of a guest's table",
         {{"table", frame}, {"entry", index}});
    return;
  }
}

void vcpu(World& world) {
  const Word which = world.engine.fresh("vm", 5);
  const Word index = world.engine.fresh("at", 6);
  if (!world.engine.branch(index < Word{16, 6})) return;
  know_cell(world, {Cell::vcpu_state, which, index});
  know_page(world, part(world.cells.initial(Cell::vcpu_state, which, index), 0, kFrameBits));
  know_page(world, part(world.cells.initial(Cell::vcpu_run, which, index), 0, kFrameBits));
  const View now{world, true};
  must(world, vcpu_ok(world, now, which, index), "vCPU", {{"vm", which}, {"vcpu", index}});
}

struct Goal {
  const char* name;
  void (*prove)(World&);
};
constexpr Goal kGoals[] = {
    {"page word", page},
    {"host map", host_map},
    {"host count", host_count},
    {"host tables beyond RAM", host_rest},
    {"VM", vm},
    {"pool", pool},
    {"guest table", table_entry},
    {"vCPU", vcpu},
    {"counts", prove_counts},
};

}  // namespace

void prove_invariant(World& world) {
  if (!world.wrote_anything()) return;
  constants(world);
  const World kept = world;
  for (const Goal& goal : kGoals) {
    world.engine.explore_cases([&] {
      World copy = kept;
      goal.prove(copy);
    });
  }
}

auto goal_names() -> std::vector<std::string> {
  std::vector<std::string> names;
  for (const Goal& goal : kGoals) names.emplace_back(goal.name);
  return names;
}

auto limits() -> std::vector<std::string> {
  return {"a guest's page is mapped at most once is proved; that it is mapped at all is not (rule one_mapping)",
          "borrow counts equal the number of guest mappings (rule borrow_count)",
          "the private alias of a borrowed frame is EMPTY (rule guest_alias)",
          "the numbers of VMs, of decoys made and of vCPUs (parts of the rules vcpu and counters)",
          "RAM of more than one region; a host with more than 43 bits of IPA (a level-0 root)",
          "the order of wipes, table writes and TLB maintenance (tested by the automaton of arch/host)",
          "that each call does what the specification of the explorer says (tested by the explorer)"};
}

}  // namespace redoubt::prover
