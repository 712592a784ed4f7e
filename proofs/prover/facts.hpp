// SPDX-License-Identifier: Apache-2.0
// The invariant of core/ownership in local form: about one page, one table entry, one VM, one vCPU. No quantifier reaches
// the solver: facts of the first state are assumed where the code reads, and goals are proved for one arbitrary place.
#pragma once

#include "proofs/prover/world.hpp"

namespace redoubt::prover {

// State to speak about: the first one, or the present one (whose answers may fork the path).
class View {
 public:
  View(World& world, bool present) : world_(world), present_(present) {}

  [[nodiscard]] auto cell(Cell cell, const Word& vm = Word{0, 5}, const Word& inner = Word{0, 6}) const -> Word {
    return present_ ? world_.cells.now(cell, vm, inner) : world_.cells.initial(cell, vm, inner);
  }
  [[nodiscard]] auto flag(Cell which, const Word& vm = Word{0, 5}, const Word& inner = Word{0, 6}) const -> Flag {
    return cell(which, vm, inner) != Word{0, 8};
  }
  [[nodiscard]] auto entry(const Word& index) const -> Word {
    return present_ ? world_.entries.now(index) : world_.entries.initial(index);
  }
  [[nodiscard]] auto mapped(const Word& block) const -> Word {
    return present_ ? world_.mapped.now(block) : world_.mapped.initial(block);
  }
  [[nodiscard]] auto memory(const Word& frame, const Word& index) const -> Word {
    return present_ ? world_.memory.now(frame, index) : PageMemory::initial(frame, index);
  }
  [[nodiscard]] auto role(const Word& frame) const -> RoleOf {
    return present_ ? world_.role_now(frame) : World::role_initial(frame);
  }
  [[nodiscard]] auto guest_frame(const Word& frame) const -> Word {
    return present_ ? world_.guest_frame_now(frame) : World::guest_frame_initial(frame);
  }
  [[nodiscard]] auto present() const -> bool { return present_; }
  // A condition that guards what is said: on the present state it decides the path, so that less has to be looked at.
  [[nodiscard]] auto guard(const Flag& condition) const -> Flag {
    return present_ ? Flag{world_.engine.branch(condition)} : condition;
  }

 private:
  World& world_;
  bool present_;
};

// --- what boot made, and no call changes ---
struct Ram {
  Word first, count;  // 36 bits: one region
};
[[nodiscard]] auto ram(World& world) -> Ram;
[[nodiscard]] auto is_ram(World& world, const Word& frame) -> Flag;
// A frame of a 2 MiB block that holds RAM: the host's tables say something of it even if it is no RAM itself.
[[nodiscard]] auto in_ram_block(World& world, const Word& frame) -> Flag;
// Blocks of 2 MiB by their place in physical memory; the code's numbers begin at the first one that holds RAM.
[[nodiscard]] auto block_of(const Word& frame) -> Word;
[[nodiscard]] auto first_block(World& world) -> Word;
// The host's level-2 table for a frame.
[[nodiscard]] auto middle_table_of(const Word& frame) -> Word;
[[nodiscard]] auto leaf_table_of(World& world, const Word& block) -> Word;
[[nodiscard]] auto boot_facts(World& world) -> Flag;
// Arithmetic that follows from boot_facts for a frame of RAM, said in the terms of the code so that no query has to find it
// again: its block is in [0, blocks), and the address of its level-3 table does not wrap. A test proves it.
[[nodiscard]] auto ram_lemma(World& world, const Word& frame) -> Flag;
[[nodiscard]] auto host_walk_facts(World& world, const Word& frame) -> Flag;

// --- the invariant, one place each ---
[[nodiscard]] auto page_word_ok(World& world, const View& view, const Word& frame) -> Flag;
[[nodiscard]] auto host_map_ok(World& world, const View& view, const Word& frame) -> Flag;
[[nodiscard]] auto vm_ok(World& world, const View& view, const Word& vm) -> Flag;
[[nodiscard]] auto pool_ok(World& world, const View& view, const Word& vm, const Word& at, const Word& index) -> Flag;
[[nodiscard]] auto table_entry_ok(World& world, const View& view, Role role, const Word& frame, const Word& index)
    -> Flag;
[[nodiscard]] auto vcpu_ok(World& world, const View& view, const Word& vm, const Word& index) -> Flag;

// Page-word vocabulary.
[[nodiscard]] auto owner_of(const Word& entry) -> Word;  // 2 bits
[[nodiscard]] auto is_host_owned(const Word& entry) -> Flag;
[[nodiscard]] auto slot_in(const Word& entry) -> Word;  // 5 bits
[[nodiscard]] auto tables_alive(const View& view, const Word& vm) -> Flag;

// Assume what holds in the first state around a place, once per path.
void know_page(World& world, const Word& frame);
void know_host_map(World& world, const Word& frame);
void know_vm(World& world, const Word& vm);
void know_cell(World& world, const Place& place);
void know_pool_word(World& world, const Word& frame, const Word& index);
void know_table_entry(World& world, Role role, const Word& frame, const Word& index);

}  // namespace redoubt::prover
