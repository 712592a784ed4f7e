// SPDX-License-Identifier: Apache-2.0
// The invariant of a guest's table entries, and what is assumed around a place the code touches.
#include "proofs/prover/facts.hpp"

namespace redoubt::prover {
namespace {

auto frame_word(std::uint64_t value) -> Word { return Word{value, kFrameBits}; }
auto low_bits(const Word& descriptor) -> Word { return part(descriptor, 0, 2); }

struct Space {
  Word frames;  // that exist
  Word priv;    // of these, the private ones come first
};
auto space_of(const View& view, const Word& vm) -> Space {
  const Word bits = widen(view.cell(Cell::vm_ipa_bits, vm), kFrameBits);
  const Word frames = shift_left(frame_word(1), bits - frame_word(12));
  return {frames, choose(view.flag(Cell::prot, vm), shift_right(frames, frame_word(1)), frame_word(0))};
}

// A leaf for `pages` guest frames from `guest` on. Of a block, what is said of each page is said of page `each`.
auto leaf_ok(World& world, const View& view, const Word& vm, const Word& leaf, const Word& guest, const Word& each)
    -> Flag {
  const Flag priv = guest < space_of(view, vm).priv;
  const Flag owned = view.guard(part(leaf, 55, 1) == Word{1, 1});
  const Word mem_attr = choose(view.flag(Cell::guest_fwb), Word{6, 4}, Word{15, 4});
  const Word access = part(leaf, 6, 2);
  const Word frame = part(leaf, 12, kFrameBits) + each;
  const Word entry = view.entry(frame);
  const Flag attributes = part(leaf, 2, 4) == mem_attr & part(leaf, 8, 4) == Word{7, 4} &
                          part(leaf, 48, 6) == Word{0, 6} & part(leaf, 56, 8) == Word{0, 8};
  const Flag dead = view.cell(Cell::state, vm) == Word{3, 32};
  const Word guest_word = shift_left(widen(vm, 32), Word{2, 32}) | Word{2, 32};
  const Flag as_owned = access == Word{3, 2} & part(leaf, 54, 1) == Word{0, 1} &
                        (dead | (is_ram(world, frame) & (entry & Word{~std::uint64_t{1U << 12}, 32}) == guest_word &
                                 view.guest_frame(frame) == guest + each));
  const Flag may_run = part(leaf, 54, 1) == Word{0, 1};
  const Flag as_borrowed = (access == Word{1, 2} | access == Word{3, 2}) & !(may_run & view.flag(Cell::prot, vm)) &
                           is_ram(world, frame) & (entry & Word{0xffff, 32}) == Word{0, 32} & entry != Word{0, 32};
  return attributes & iff(owned, priv) & (owned & as_owned | !owned & as_borrowed);
}

auto child_ok(const View& view, Role below, const Word& vm, const Word& descriptor, const Word& guest) -> Flag {
  const Word child = part(descriptor, 12, kFrameBits);
  const RoleOf role = view.role(child);
  return descriptor == (widen(join(child, Word{3, 12}), 64))&role.role == role_word(below) & role.vm == vm &
         role.number == guest;
}

}  // namespace

auto table_entry_ok(World& world, const View& view, Role role, const Word& frame, const Word& index) -> Flag {
  const RoleOf table = view.role(frame);
  const Word vm = table.vm;
  const Word guest = entry_frame(role, table.number, index);
  const Space space = space_of(view, vm);
  const Flag means = view.guard(tables_alive(view, vm) & guest < space.frames);
  if (means.is(false)) return true;
  const Word descriptor = view.memory(frame, index);
  const Word low = low_bits(descriptor);
  const Flag invalid = view.guard(part(low, 0, 1) == Word{0, 1});
  const Flag empty = (descriptor & Word{~std::uint64_t{0xc}}) == Word{0} & (guest < space.priv | descriptor == Word{0});
  if (invalid.is(true)) return implies(means, empty);
  const Flag is_table = role == Role::leaf ? Flag{false} : view.guard(low == Word{3, 2});
  Flag table_ok = false;
  if (!is_table.is(false)) {
    table_ok = child_ok(view, role == Role::root ? Role::middle : Role::leaf, vm, descriptor, guest);
  }
  Flag mapped_ok = false;
  if (!is_table.is(true) && role != Role::root) {
    const Word each =
        role == Role::middle ? widen(unknown("any_of_block", {frame, index}, 9), kFrameBits) : frame_word(0);
    const Flag kind =
        role == Role::middle ? low == Word{1, 2} & part(descriptor, 12, 9) == Word{0, 9} : low == Word{3, 2};
    mapped_ok = kind & leaf_ok(world, view, vm, descriptor, guest, each);
  }
  return implies(
      means, choose(invalid, as_word(empty), choose(is_table, as_word(table_ok), as_word(mapped_ok))) == Word{1, 1});
}

void know_page(World& world, const Word& frame) {
  if (!world.first_time("page", frame)) return;
  world.engine.assume(page_word_ok(world, View{world, false}, frame));
  world.engine.assume(ram_lemma(world, frame));
  // A count is not 0 if there is one to count.
  const View first{world, false};
  const Word entry = first.entry(frame);
  const Word vm = slot_in(entry);
  const Flag meta = owner_of(entry) == Word{1, 2} & part(entry, 10, 1) == Word{0, 1};
  const Flag counted = implies(meta, first.cell(Cell::meta_pages, vm) != Word{0, 32}) &
                       implies(owner_of(entry) == Word{2, 2}, first.cell(Cell::mapped_pages, vm) != Word{0});
  world.engine.assume(implies(is_ram(world, frame), counted));
}

void know_host_map(World& world, const Word& frame) {
  if (!world.first_time("host map", frame)) return;
  const View first{world, false};
  const Word mapped = first.mapped(block_of(frame));
  const Flag host = is_ram(world, frame) & is_host_owned(first.entry(frame));
  // mapped is the number of the block's pages that are the host's.
  const Flag counted =
      mapped <= Word{512, 16} & choose(host, Word{1, 16}, Word{0, 16}) <= mapped & (host | mapped <= Word{511, 16});
  world.engine.assume(
      implies(in_ram_block(world, frame), counted & host_walk_facts(world, frame) & host_map_ok(world, first, frame)));
}

void know_vm(World& world, const Word& vm) {
  if (!world.first_time("vm", vm)) return;
  const View first{world, false};
  world.engine.assume(vm_ok(world, first, vm));
}

void know_cell(World& world, const Place& place) {
  if (!core_layout().cells[static_cast<unsigned>(place.cell)].per_vm) return;
  know_vm(world, place.vm);
  const View first{world, false};
  if (place.cell == Cell::pool && world.first_time("pool", place.vm, place.inner)) {
    world.engine.assume(pool_ok(world, first, place.vm, place.inner, Word{0, 9}));
  }
  if (place.cell >= Cell::vcpu_state && place.cell <= Cell::vcpu_loaded &&
      world.first_time("vcpu", place.vm, place.inner)) {
    world.engine.assume(vcpu_ok(world, first, place.vm, place.inner));
  }
}

// A page whose role is the pool, at a place that is in use, is zero.
void know_pool_word(World& world, const Word& frame, const Word& index) {
  if (!world.first_time("pool word", frame, index)) return;
  const View first{world, false};
  const RoleOf role = World::role_initial(frame);
  const Flag waits = role.role == role_word(Role::pool) & tables_alive(first, role.vm) &
                     role.number < widen(first.cell(Cell::pool_size, role.vm), kFrameBits);
  world.engine.assume(implies(waits, PageMemory::initial(frame, index) == Word{0}));
}

void know_table_entry(World& world, Role role, const Word& frame, const Word& index) {
  if (!world.first_time("entry" + std::to_string(static_cast<unsigned>(role)), frame, index)) return;
  const View first{world, false};
  const Flag here = World::role_initial(frame).role == role_word(role);
  world.engine.assume(implies(here, table_entry_ok(world, first, role, frame, index)));
}

}  // namespace redoubt::prover
