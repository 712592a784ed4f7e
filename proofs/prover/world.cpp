// SPDX-License-Identifier: Apache-2.0
#include "proofs/prover/world.hpp"

#include "proofs/prover/facts.hpp"

namespace redoubt::prover {
namespace {

constexpr unsigned kWordBits = 9;  // index of a word in a page
constexpr std::uint64_t kSharedWithHyp = 1U << 11;
constexpr std::uint64_t kBlockFrames = 512;

// The address as frame and rest, found addend by addend so that the terms stay small.
constexpr unsigned kPageNumberBits = 52;
struct Split {
  Word page;  // 52 bits
  Word low;
};
auto split(const Word& address) -> Split {
  const auto whole = [&] { return Split{part(address, 12, kPageNumberBits), part(address, 0, 12)}; };
  if (address.known()) return whole();
  const z3::expr term = address.term();
  const Z3_decl_kind kind = term.decl().decl_kind();
  if (kind != Z3_OP_BADD && kind != Z3_OP_BOR) return whole();
  Split sum{Word{0, kPageNumberBits}, Word{0, 12}};
  for (unsigned i = 0; i < term.num_args(); ++i) {
    const Word addend{term.arg(i)};
    const Word low = part(addend, 0, 12);
    if (!low.is(0) && !sum.low.is(0)) return whole();  // the low parts may carry
    sum.page = sum.page + part(addend, 12, kPageNumberBits);
    if (!low.is(0)) sum.low = low;
  }
  return sum;
}

}  // namespace

World::World(Engine& with)
    : engine(with), cells(with), entries(with, "entry", 32), mapped(with, "mapped", 16), memory(with) {
  engine.assume(boot_facts(*this));
  cells.on_read = [this](const Place& place) { know_cell(*this, place); };
}

auto role_word(Role role) -> Word { return Word{static_cast<unsigned>(role), 4}; }

auto entry_frame(Role role, const Word& first, const Word& index) -> Word {
  const unsigned shift = role == Role::root ? 18 : role == Role::middle ? 9 : 0;
  return first + shift_left(widen(index, kFrameBits), Word{shift, kFrameBits});
}

auto World::role_initial(const Word& frame) -> RoleOf {
  return {unknown("role", {frame}, 4), unknown("role.vm", {frame}, 5), unknown("role.number", {frame}, kFrameBits)};
}

auto World::role_now(const Word& frame) -> RoleOf {
  for (auto each = roles_.rbegin(); each != roles_.rend(); ++each) {
    if (engine.branch(each->first == frame)) return each->second;
  }
  return role_initial(frame);
}

auto World::is(const Word& frame, Role role) -> bool { return engine.branch(role_now(frame).role == role_word(role)); }

auto World::guest_frame_initial(const Word& frame) -> Word { return unknown("guest_frame", {frame}, kFrameBits); }

auto World::guest_frame_now(const Word& frame) -> Word {
  for (auto each = guest_frames_.rbegin(); each != guest_frames_.rend(); ++each) {
    if (engine.branch(each->first == frame)) return each->second;
  }
  return guest_frame_initial(frame);
}

auto World::slot_at(const Word& address) -> Slot {
  const Word physical = address - Word{RD_EL2_LINEAR_VA};
  const Split at = split(physical);
  const Word frame = part(at.page, 0, kFrameBits);
  if (first_time("range", at.page)) {
    engine.require(widen(frame, kPageNumberBits) == at.page, "table access beyond physical memory");
  }
  engine.require(part(at.low, 0, 3) == Word{0, 3}, "table access that is not aligned");
  know_page(*this, frame);
  const Word index = part(at.low, 3, kWordBits);
  return {frame, index, role_at(frame)};
}

// The role of a page the code uses as a table. What its address was read from says which to ask for first.
auto World::role_at(const Word& frame) -> Role {
  std::vector<Role> order{Role::host_leaf, Role::root,   Role::host_upper, Role::host_middle,
                          Role::pool,      Role::middle, Role::leaf};
  for (const auto& [child, role] : hints_) {
    if (child.same(frame)) order.insert(order.begin(), role);
  }
  for (const auto& [known, role] : resolved_) {
    if (known.same(frame)) return role;
  }
  const std::string text = frame.known() ? "" : frame.term().to_string();
  if (!text.contains("memory@")) {
    for (const auto& [name, role] :
         {std::pair{"host.root", Role::host_upper}, {"root@", Role::root}, {"pool@", Role::pool}}) {
      if (text.contains(name)) order.insert(order.begin(), role);
    }
  }
  const RoleOf known = role_now(frame);
  for (const Role each : order) {
    if (!engine.branch(known.role == role_word(each))) continue;
    resolved_.emplace_back(frame, each);
    return each;
  }
  engine.require(false, "table access to a page that is no table");
  engine.settle();
  throw Refuted{"unreachable"};
}

// A table entry that was read: where it points, if it points to a table.
void World::hint(Role role, const Word& descriptor) {
  const Word child = part(descriptor, 12, kFrameBits);
  if (role == Role::root) hints_.emplace_back(child, Role::middle);
  if (role == Role::middle) hints_.emplace_back(child, Role::leaf);
  if (role == Role::host_upper) hints_.emplace_back(child, Role::host_middle);
}

void World::set_entry(const Word& frame, const Word& value) {
  entries.set(frame, value);
  const Word hyp{1, 2};
  if (!engine.branch(owner_of(value) == hyp)) {
    if (value.is(kSharedWithHyp)) set_guest_frame(frame, widen(join(witness.vm, witness.vcpu), kFrameBits));
    if (!engine.branch(owner_of(entries.log().back().old) == hyp)) return;  // it had no role before
    return set_role(frame, {role_word(Role::none), Word{0, 5}, Word{0, kFrameBits}});
  }
  if (witness.taken == witness.taken_as.size()) throw Unsupported{"a page is taken that the proof has no role for"};
  const Role role = witness.taken_as[witness.taken++];
  const Word vm = slot_in(value);
  set_role(frame, {role_word(role), vm, number_of_taken(role, vm)});
}

auto World::number_of_taken(Role role, const Word& vm) -> Word {
  switch (role) {
    case Role::pool: return widen(cells.now(Cell::pool_size, vm), kFrameBits);
    case Role::root: return Word{witness.taken == 1 ? 0 : std::uint64_t{1} << 27, kFrameBits};
    case Role::vcpu: return widen(witness.vcpu, kFrameBits);
    default: return Word{0, kFrameBits};
  }
}

auto World::load_table(const Word& address) -> Word {
  const auto [frame, index, role] = slot_at(address);
  if (role == Role::pool) know_pool_word(*this, frame, index);
  if (role >= Role::root && role <= Role::leaf) know_table_entry(*this, role, frame, index);
  const Word descriptor = memory.now(frame, index);
  hint(role, descriptor);
  return descriptor;
}

void World::store_table(const Word& address, const Word& value) {
  const auto [frame, index, role] = slot_at(address);
  note_table_write(frame, index, role, value);
  memory.set(frame, index, value);
}

// Pages that a descriptor of a guest's table lends, those of a table it points to included.
auto World::borrowed_by(Role role, const Word& descriptor) -> Word {
  if (!engine.branch(part(descriptor, 0, 1) == Word{1, 1})) return Word{0};
  if (role != Role::leaf && engine.branch(part(descriptor, 1, 1) == Word{1, 1})) {
    const Word child = part(descriptor, 12, kFrameBits);
    const auto lent = [&](const Word& index) { return borrowed_by(Role::leaf, memory.now(child, index)); };
    const Word all = lent(Word{0, kWordBits}) * Word{kBlockFrames};
    // Tables are linked empty, or full of what a block was.
    const Word each = lent(engine.fresh("child", kWordBits)) * Word{kBlockFrames};
    engine.require(each == all, "a table is linked whose entries are not of one kind");
    return all;
  }
  const bool owned = engine.branch(part(descriptor, 55, 1) == Word{1, 1});
  return Word{owned ? 0 : role == Role::leaf ? 1 : kBlockFrames};
}

// A page that a guest's table points to becomes a table of the next level; a page that a leaf maps gets its guest frame.
void World::note_table_write(const Word& frame, const Word& index, Role role, const Word& value) {
  if (role < Role::root || role > Role::leaf) return;
  const RoleOf table = role_now(frame);
  const Word before = borrowed_by(role, memory.now(frame, index));
  const Word after = borrowed_by(role, value);
  if (!after.same(before)) borrow_changes_.push_back({table.vm, after - before});
  const Word target = part(value, 12, kFrameBits);
  const bool valid = engine.branch(part(value, 0, 1) == Word{1, 1});
  if (!valid) return;
  const bool ends_in_3 = engine.branch(part(value, 1, 1) == Word{1, 1});
  if (!ends_in_3) throw Unsupported{"a block is mapped for a guest"};
  const Word guest = entry_frame(role, table.number, index);
  if (role != Role::leaf) {
    set_role(target, {role_word(role == Role::root ? Role::middle : Role::leaf), table.vm, guest});
    resolved_.clear();
    return;
  }
  if (engine.branch(part(value, 55, 1) == Word{1, 1})) set_guest_frame(target, guest);
}

auto World::first_time(const std::string& fact, const Word& a, const Word& b) -> bool {
  for (const auto& [name, where] : instances_) {
    if (name == fact && where.first.same(a) && where.second.same(b)) return false;
  }
  instances_.push_back({fact, {a, b}});
  return true;
}

auto World::wrote_anything() const -> bool {
  return cells.any_written() || !entries.log().empty() || !mapped.log().empty() || !memory.log().empty();
}

}  // namespace redoubt::prover
