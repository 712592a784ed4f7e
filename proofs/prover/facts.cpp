// SPDX-License-Identifier: Apache-2.0
#include "proofs/prover/facts.hpp"

namespace redoubt::prover {
namespace {

constexpr std::uint64_t kPinned = 1U << 10;
constexpr std::uint64_t kHypShared = 1U << 11;
constexpr std::uint64_t kDecoy = 1U << 12;
constexpr std::uint64_t kFree = 0xffff'ffff;
constexpr std::uint64_t kDead = 3;

auto between(const Word& low, const Word& value, const Word& high) -> Flag { return low <= value & value <= high; }
auto word32(std::uint64_t value) -> Word { return Word{value, 32}; }
auto frame_word(std::uint64_t value) -> Word { return Word{value, kFrameBits}; }
auto address_of(const Word& frame) -> Word { return widen(join(frame, Word{0, 12}), 64); }
auto frame_in(const Word& descriptor) -> Word { return part(descriptor, 12, kFrameBits); }
auto table_descriptor(const Word& frame) -> Word { return address_of(frame) | Word{3}; }
auto low_bits(const Word& descriptor) -> Word { return part(descriptor, 0, 2); }
auto two(unsigned value) -> Word { return Word{value, 2}; }

// Bits of a leaf other than address, valid and type.
auto leaf_bits(const Word& mem_attr, const Word& access, const Flag& never_execute, const Flag& owned) -> Word {
  return shift_left(widen(mem_attr, 64), Word{2}) | shift_left(widen(access, 64), Word{6}) | Word{3U << 8 | 1U << 10} |
         shift_left(widen(as_word(never_execute), 64), Word{54}) | shift_left(widen(as_word(owned), 64), Word{55});
}

}  // namespace

// --- what boot made ---
auto ram(World& world) -> Ram {
  return {part(world.cells.initial(Cell::region_first), 0, kFrameBits),
          part(world.cells.initial(Cell::region_count), 0, kFrameBits)};
}
auto is_ram(World& world, const Word& frame) -> Flag { return frame - ram(world).first < ram(world).count; }
auto in_ram_block(World& world, const Word& frame) -> Flag {
  const auto [first, count] = ram(world);
  return first_block(world) <= block_of(frame) & block_of(frame) <= block_of(first + count - frame_word(1));
}
auto block_of(const Word& frame) -> Word { return shift_right(frame, frame_word(9)); }
auto first_block(World& world) -> Word { return block_of(ram(world).first); }
auto middle_table_of(const Word& frame) -> Word { return unknown("middle_table", {part(frame, 18, 18)}, kFrameBits); }
auto leaf_table_of(World& world, const Word& block) -> Word {
  return frame_in(world.cells.initial(Cell::leaf_tables)) + block - first_block(world);
}

auto boot_facts(World& world) -> Flag {
  const View at{world, false};
  const auto [first, count] = ram(world);
  const Word last = first + count - frame_word(1);
  const Word blocks = block_of(last) - block_of(first) + frame_word(1);
  const Word bits = at.cell(Cell::ipa_bits);
  const Word start = at.cell(Cell::start);
  const Flag regions = count != frame_word(0) & first <= last;
  const Flag arrays = widen(count, 64) <= at.cell(Cell::entries_size) & at.cell(Cell::blocks) == widen(blocks, 64) &
                      widen(blocks, 64) <= at.cell(Cell::mapped_size);
  const Word leaf_tables = frame_in(at.cell(Cell::leaf_tables));
  const Flag geometry =
      between(word32(32), bits, word32(48)) & start == choose(bits <= word32(43), Word{1, 8}, Word{0, 8}) &
      (bits == word32(48) | last < shift_left(frame_word(1), widen(bits, kFrameBits) - frame_word(12)));
  return regions & arrays & geometry & between(word32(33), at.cell(Cell::max_ipa_bits), word32(40)) &
         leaf_tables <= leaf_tables + blocks &
         frame_in(at.cell(Cell::host_root)) < frame_word((std::uint64_t{1} << 36) - 16);
}

auto ram_lemma(World& world, const Word& frame) -> Flag {
  const Word index = widen(block_of(frame), 64) - widen(first_block(world), 64);
  const Word base = frame_in(world.cells.initial(Cell::leaf_tables));
  const auto wide = [](const Word& word) { return widen(word, 52); };
  const Flag table =
      wide(leaf_table_of(world, block_of(frame))) == wide(base) + wide(block_of(frame)) - wide(first_block(world));
  return implies(is_ram(world, frame), in_ram_block(world, frame) & index < world.cells.initial(Cell::blocks) &
                                           index < world.cells.initial(Cell::mapped_size) & table);
}

auto host_walk_facts(World& world, const Word& frame) -> Flag {
  const Word root = frame_in(world.cells.initial(Cell::host_root));
  const Word middle = middle_table_of(frame);
  const Word upper = unknown("upper_table", {part(frame, 27, 9)}, kFrameBits);
  const Word giga = part(frame, 18, 9);
  const auto role = [&](const Word& table, Role which) { return World::role_initial(table).role == role_word(which); };
  const Word top = root + shift_right(frame, frame_word(27));
  const Flag from_1 = PageMemory::initial(top, giga) == table_descriptor(middle) & role(top, Role::host_upper);
  const Flag from_0 = PageMemory::initial(root, part(frame, 27, 9)) == table_descriptor(upper) &
                      role(root, Role::host_upper) & PageMemory::initial(upper, giga) == table_descriptor(middle) &
                      role(upper, Role::host_upper);
  const Word block = block_of(frame);
  const Word leaf = leaf_table_of(world, block);
  return choose(world.cells.initial(Cell::start) == Word{1, 8}, as_word(from_1), as_word(from_0)) == Word{1, 1} &
         role(middle, Role::host_middle) &
         World::role_initial(middle).number == widen(part(frame, 18, 18), kFrameBits) & role(leaf, Role::host_leaf) &
         World::role_initial(leaf).number == block;
}

// --- page words ---
auto owner_of(const Word& entry) -> Word { return part(entry, 0, 2); }
auto is_host_owned(const Word& entry) -> Flag { return owner_of(entry) == two(0); }
auto slot_in(const Word& entry) -> Word { return part(entry, 2, 5); }

auto tables_alive(const View& view, const Word& vm) -> Flag {
  const Word state = view.cell(Cell::state, vm);
  return state != word32(kFree) & (state != word32(kDead) | view.cell(Cell::mapped_pages, vm) != Word{0});
}

auto page_word_ok(World& world, const View& view, const Word& frame) -> Flag {
  const RoleOf role = view.role(frame);
  const Flag no_role = role.role == role_word(Role::none);
  if (view.guard(!is_ram(world, frame)).is(true)) return no_role;
  const Word entry = view.entry(frame);
  const Word vm = slot_in(entry);
  const Word slot_bits = shift_left(widen(vm, 32), word32(2));
  const Flag lives = view.cell(Cell::state, vm) != word32(kFree);
  const Flag host = ((entry & word32(0xffff)) == word32(0) | entry == word32(kHypShared)) & no_role;
  const Flag pinned = entry == word32(kPinned | 1) & between(Word{1, 4}, role.role, Word{4, 4});
  const Flag meta =
      entry == (slot_bits | word32(1)) & Word{5, 4} <= role.role & role.role <= Word{10, 4} & role.vm == vm & lives;
  const Flag guest = (entry & word32(~kDecoy)) == (slot_bits | word32(2)) & lives & view.flag(Cell::prot, vm) & no_role;
  return choose(is_ram(world, frame), as_word(host | pinned | meta | guest), as_word(no_role)) == Word{1, 1};
}

auto host_map_ok(World& world, const View& view, const Word& frame) -> Flag {
  if (view.guard(!in_ram_block(world, frame)).is(true)) return true;
  const Flag is_page = view.guard(is_ram(world, frame));
  const Word entry = is_page.is(false) ? Word{1, 32} : view.entry(frame);
  const Word block = block_of(frame);
  const Word mapped = view.mapped(block);
  const Word middle = view.memory(middle_table_of(frame), part(frame, 9, 9));
  const Word fwb = choose(view.flag(Cell::host_fwb), Word{7, 4}, Word{15, 4});
  const auto attributes = [&](bool never_execute) { return leaf_bits(fwb, two(3), never_execute, false); };
  const Flag host = is_page & is_host_owned(entry);
  const Flag shows_decoy = is_page & (entry & word32(kDecoy)) != word32(0);
  const Word block_first = shift_left(shift_right(frame, frame_word(9)), frame_word(9));
  const Flag full = mapped == Word{512, 16};
  const Flag devices = view.flag(Cell::host_devices);
  const Flag as_block = middle == (address_of(block_first) | attributes(false) | Word{1}) & host & full & !devices;
  const Flag empty = middle == Word{0} & !host & !shows_decoy & mapped != Word{512, 16};
  const Flag is_table = view.guard(low_bits(middle) == two(3));
  Flag as_table = false;
  if (!is_table.is(false)) {
    const Word leaf = view.memory(leaf_table_of(world, block), part(frame, 0, 9));
    const Word identity = address_of(frame) | attributes(false) | Word{3};
    const Word decoy = shift_left(view.cell(Cell::decoy, slot_in(entry)), Word{12}) | attributes(true) | Word{3};
    const Word expected = choose(host, identity, choose(shows_decoy, decoy, Word{0}));
    as_table = middle == table_descriptor(leaf_table_of(world, block)) & leaf == expected & (!full | devices);
  }
  return implies(in_ram_block(world, frame), as_block | as_table | empty);
}

// --- VMs ---
auto vm_ok(World&, const View& view, const Word& vm) -> Flag {
  const Word state = view.cell(Cell::state, vm);
  const Flag free = state == word32(kFree);
  const auto zero = [&](Cell which, unsigned bits) { return view.cell(which, vm) == Word{0, bits}; };
  const Flag fresh = zero(Cell::mapped_pages, 64) & zero(Cell::meta_pages, 32) & zero(Cell::pool_size, 32) &
                     zero(Cell::created_vcpus, 32) & zero(Cell::loaded_vcpus, 32) & zero(Cell::next_image, 64);
  const Flag used = state <= word32(kDead) & between(word32(33), view.cell(Cell::vm_ipa_bits, vm), word32(40)) &
                    between(word32(1), view.cell(Cell::nr_vcpus, vm), word32(16)) &
                    view.cell(Cell::pool_size, vm) <= word32(64);
  const Flag common = view.cell(Cell::slot, vm) == widen(vm, 32) & (free & fresh | !free & used);
  const Flag alive = view.guard(tables_alive(view, vm));
  if (alive.is(false)) return common;
  const Word root = view.cell(Cell::root, vm);
  const Word first = frame_in(root);
  const auto has = [&](const Word& frame, Role which, std::uint64_t number) {
    const RoleOf role = view.role(frame);
    return role.role == role_word(which) & role.vm == vm & role.number == frame_word(number);
  };
  const Word decoy = view.cell(Cell::decoy, vm);
  const Flag roots = part(root, 0, 13) == Word{0, 13} & part(root, 48, 16) == Word{0, 16} & has(first, Role::root, 0) &
                     has(first + frame_word(1), Role::root, 1U << 27);
  return common & implies(alive, roots & part(decoy, 36, 28) == Word{0, 28} & has(part(decoy, 0, 36), Role::decoy, 0));
}

auto pool_ok(World&, const View& view, const Word& vm, const Word& at, const Word& index) -> Flag {
  const Flag there = view.guard(tables_alive(view, vm) & widen(at, 32) < view.cell(Cell::pool_size, vm));
  if (there.is(false)) return true;
  const Word page = view.cell(Cell::pool, vm, at);
  const Word frame = part(page, 0, kFrameBits);
  const RoleOf role = view.role(frame);
  return implies(there, part(page, 36, 28) == Word{0, 28} & role.role == role_word(Role::pool) & role.vm == vm &
                            role.number == widen(at, kFrameBits) & view.memory(frame, index) == Word{0});
}

auto vcpu_ok(World& world, const View& view, const Word& vm, const Word& index) -> Flag {
  const Flag exists = view.guard(view.flag(Cell::vcpu_exists, vm, index));
  if (exists.is(false)) return true;
  const Word state = view.cell(Cell::vcpu_state, vm, index);
  const Word run = view.cell(Cell::vcpu_run, vm, index);
  const RoleOf role = view.role(part(state, 0, kFrameBits));
  const Word run_frame = part(run, 0, kFrameBits);
  const Flag run_ok = is_ram(world, run_frame) & view.entry(run_frame) == word32(kHypShared) &
                      view.guest_frame(run_frame) == widen(join(vm, index), kFrameBits);
  return implies(exists, widen(index, 32) < view.cell(Cell::nr_vcpus, vm) & part(state, 36, 28) == Word{0, 28} &
                             part(run, 36, 28) == Word{0, 28} & role.role == role_word(Role::vcpu) & role.vm == vm &
                             role.number == widen(index, kFrameBits) & run_ok);
}

}  // namespace redoubt::prover
