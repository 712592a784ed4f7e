// SPDX-License-Identifier: Apache-2.0
// The state the code acts on, and what only the proof knows of it: which role each page frame plays.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "proofs/prover/arrays.hpp"
#include "proofs/prover/cells.hpp"

namespace redoubt::prover {

// Roles of a page frame that EL2 owns. Each belongs to at most one VM, and has a number: the first guest frame a table
// translates, the place in the pool, the vCPU's index, the block of a level-3 table of the host.
enum class Role : unsigned {
  none,
  pinned,       // EL2's image and data
  host_upper,   // levels 0 and 1 of the host's stage 2
  host_middle,  // level 2
  host_leaf,    // level 3
  root,         // one of the two pages of a guest's level 1
  middle,       // level 2
  leaf,         // level 3
  pool,
  decoy,
  vcpu,
};

struct RoleOf {
  Word role{0, 4};
  Word vm{0, 5};
  Word number{0, kFrameBits};
};

// What happened outside memory, in order.
struct Event {
  std::string what;
  std::vector<Word> arguments;
};

// What only the proof says of the pages that a call takes, and that the goals judge: the entry point's proof chooses it.
struct Witness {
  std::vector<Role> taken_as;  // in the order in which they are taken
  std::size_t taken = 0;
  Word vm{0, 5};  // of a vCPU that is created, and its index: whose run page a page shared with EL2 becomes
  Word vcpu{0, 6};
};

class World {
 public:
  explicit World(Engine& with);

  Engine& engine;
  CoreCells cells;
  NumberArray entries;  // by index in the dense array
  NumberArray mapped;   // by block
  PageMemory memory;
  std::vector<Event> events;

  // The role of a frame, and the guest frame that a page owned by a guest serves.
  [[nodiscard]] static auto role_initial(const Word& frame) -> RoleOf;
  [[nodiscard]] auto role_now(const Word& frame) -> RoleOf;
  void set_role(const Word& frame, const RoleOf& role) { roles_.emplace_back(frame, role); }
  // Is the frame in this role? Decides the path.
  [[nodiscard]] auto is(const Word& frame, Role role) -> bool;
  [[nodiscard]] static auto guest_frame_initial(const Word& frame) -> Word;
  [[nodiscard]] auto guest_frame_now(const Word& frame) -> Word;
  void set_guest_frame(const Word& frame, const Word& guest_frame) { guest_frames_.emplace_back(frame, guest_frame); }

  // A page's entry changes. A page that becomes EL2's for a VM plays the role that the witness names from then on.
  void set_entry(const Word& frame, const Word& value);
  Witness witness;

  // What the code reads and writes by physical address.
  [[nodiscard]] auto load_table(const Word& address) -> Word;
  void store_table(const Word& address, const Word& value);

  // Instances of the invariant are assumed once each.
  [[nodiscard]] auto first_time(const std::string& fact, const Word& a, const Word& b = Word{}) -> bool;
  [[nodiscard]] auto wrote_anything() const -> bool;

  // What a write to a guest's table changed of the number of pages that a VM borrows.
  struct BorrowChange {
    Word vm;
    Word pages;  // 64 bits, may be negative
  };
  [[nodiscard]] auto borrow_changes() const -> const std::vector<BorrowChange>& { return borrow_changes_; }

 private:
  struct Slot {
    Word frame;
    Word index;
    Role role;
  };
  [[nodiscard]] auto slot_at(const Word& address) -> Slot;
  [[nodiscard]] auto role_at(const Word& frame) -> Role;
  void hint(Role role, const Word& descriptor);
  [[nodiscard]] auto borrowed_by(Role role, const Word& descriptor) -> Word;
  [[nodiscard]] auto number_of_taken(Role role, const Word& vm) -> Word;
  void note_table_write(const Word& frame, const Word& index, Role role, const Word& value);

  std::vector<std::pair<Word, RoleOf>> roles_;
  std::vector<std::pair<Word, Word>> guest_frames_;
  std::vector<BorrowChange> borrow_changes_;
  std::vector<std::pair<Word, Role>> hints_;
  std::vector<std::pair<Word, Role>> resolved_;  // until the next change of a role
  std::vector<std::pair<std::string, std::pair<Word, Word>>> instances_;
};

[[nodiscard]] auto role_word(Role role) -> Word;
// The first guest frame that entry `index` of a guest's table translates.
[[nodiscard]] auto entry_frame(Role role, const Word& first, const Word& index) -> Word;

}  // namespace redoubt::prover
