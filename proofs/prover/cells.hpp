// SPDX-License-Identifier: Apache-2.0
// Core<M> as cells: each member that is a number, with the array dimensions it lies in. Where a member lies is asked of
// the compiler; that AArch64 and this machine lay out alike is checked against the bitcode.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "proofs/prover/bitcode.hpp"
#include "proofs/prover/engine.hpp"
#include "proofs/prover/value.hpp"

namespace redoubt::prover {

enum class Cell : unsigned {
  entries,
  entries_size,
  region_first,
  region_count,
  region_index,
  region_block,
  nr_regions,
  pages,
  blocks,
  ipa_bits,
  start,
  root_tables,
  host_root,
  leaf_tables,
  mapped,
  mapped_size,
  host_fwb,
  host_devices,
  state,
  generation,
  slot,
  prot,
  rsi,
  vm_ipa_bits,
  root,
  decoy,
  next_image,
  mapped_pages,
  meta_pages,
  nr_vcpus,
  created_vcpus,
  loaded_vcpus,
  pool,
  pool_size,
  vcpu_state,
  vcpu_run,
  vcpu_exists,
  vcpu_loaded,
  max_ipa_bits,
  guest_fwb,
  count_vms,
  count_hyp,
  count_guest,
  count_borrowed,
  count_decoys,
};

// What the first value of a cell looks like, by the invariant.
enum class Shape { plain, flag, frame, table, table_pair };

struct CellInfo {
  Cell cell{};
  std::string name;
  std::uint64_t offset = 0;  // in the first VM, of the first element
  unsigned bytes = 0;
  bool per_vm = false;
  unsigned count = 1;  // elements of the inner array
  std::uint64_t stride = 0;
  Shape shape = Shape::plain;
};

struct Layout {
  std::vector<CellInfo> cells;  // by Cell
  std::uint64_t core_bytes = 0;
  std::uint64_t vms = 0;  // offset of the array of VMs
  std::uint64_t vm_bytes = 0;
  unsigned vm_count = 0;
};

[[nodiscard]] auto core_layout() -> const Layout&;
// Throws std::runtime_error if the module's structures are not those of core_layout().
void check_layout(const Bitcode& module);

// Which element of a cell: `vm` (5 bits) matters only per VM, `inner` (6 bits) only in an array.
struct Place {
  Cell cell{};
  Word vm{0, 5};
  Word inner{0, 6};
};

class CoreCells {
 public:
  explicit CoreCells(Engine& engine);

  // Called before a cell is read by the code.
  std::function<void(const Place&)> on_read;

  [[nodiscard]] auto initial(Cell cell, const Word& vm = Word{0, 5}, const Word& inner = Word{0, 6}) const -> Word;
  [[nodiscard]] auto now(Cell cell, const Word& vm = Word{0, 5}, const Word& inner = Word{0, 6}) -> Word;
  [[nodiscard]] auto written(Cell cell) const -> bool { return !logs_[static_cast<unsigned>(cell)].empty(); }
  [[nodiscard]] auto any_written() const -> bool;

  // As the code sees it: `bytes` at a place in the object. Pointers are answered for the two spans.
  [[nodiscard]] auto load(const Pointer& at, unsigned bytes) -> Value;
  void store(const Pointer& at, unsigned bytes, const Value& value);
  void zero(const Pointer& at, std::uint64_t bytes);

 private:
  struct Write {
    Word vm;
    Word inner;
    Word value;
  };
  struct Piece {
    Place place;
    unsigned at = 0;    // byte of the access
    unsigned from = 0;  // byte of the cell
    unsigned bytes = 0;
  };

  [[nodiscard]] auto pieces(const Pointer& at, unsigned bytes) -> std::vector<Piece>;
  [[nodiscard]] auto locate(const Pointer& at) -> std::pair<Place, std::uint64_t>;
  void set(const Place& place, const Word& value);

  Engine& engine_;
  std::vector<std::vector<Write>> logs_;
};

}  // namespace redoubt::prover
