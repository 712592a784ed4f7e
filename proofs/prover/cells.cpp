// SPDX-License-Identifier: Apache-2.0
#include "proofs/prover/cells.hpp"

#include <algorithm>
#include <optional>

namespace redoubt::prover {
namespace {

auto info(Cell cell) -> const CellInfo& { return core_layout().cells[static_cast<unsigned>(cell)]; }

// The byte of the cell that an access begins at, and how many elements of its array lie before; none if it is elsewhere.
// Code may hold an address some elements before the array and add a larger index.
struct Hit {
  std::uint64_t byte = 0;
  Word elements{0};
};
auto hit(const CellInfo& cell, std::uint64_t offset, const std::vector<Step>& steps) -> std::optional<Hit> {
  const bool array = cell.count > 1;
  const bool strided = !steps.empty() && array && cell.stride == steps[0].stride;
  if (!steps.empty() && !strided) return std::nullopt;
  const std::uint64_t span = array ? cell.stride * (cell.count - 1) + cell.bytes : cell.bytes;
  const auto ahead = static_cast<std::int64_t>(offset - cell.offset);
  if (!strided && (ahead < 0 || ahead >= static_cast<std::int64_t>(span))) return std::nullopt;
  const auto stride = static_cast<std::int64_t>(array ? cell.stride : span);
  const std::int64_t byte = ((ahead % stride) + stride) % stride;
  if (byte >= cell.bytes) return std::nullopt;
  const Word first{static_cast<std::uint64_t>((ahead - byte) / stride)};
  return Hit{static_cast<std::uint64_t>(byte), strided ? steps[0].index + first : first};
}

}  // namespace

CoreCells::CoreCells(Engine& engine) : engine_(engine), logs_(core_layout().cells.size()) {}

auto CoreCells::initial(Cell cell, const Word& vm, const Word& inner) const -> Word {
  const CellInfo& about = info(cell);
  switch (cell) {  // RAM is one region
    case Cell::nr_regions: return Word{1, 32};
    case Cell::region_index:
    case Cell::region_block: return Word{0};
    case Cell::start: return Word{1, 8};
    // Written with the block of the first page, which cancels where the code adds the number of a block.
    case Cell::leaf_tables: {
      const Word first = shift_right(part(initial(Cell::region_first), 0, 36), Word{9, 36});
      return widen(join(Word::variable("leaf_base", 36) + first, Word{0, 12}), 64);
    }
    case Cell::pages: return initial(Cell::region_count, vm, inner);
    default: break;
  }
  std::vector<Word> where;
  if (about.per_vm) where.push_back(vm);
  if (about.count > 1) where.push_back(inner);
  const auto value = [&](unsigned bits) {
    return where.empty() ? Word::variable(about.name, bits) : unknown(about.name, where, bits);
  };
  switch (about.shape) {
    case Shape::flag: return widen(value(1), 8);
    case Shape::frame: return widen(value(36), 64);
    case Shape::table: return widen(join(value(36), Word{0, 12}), 64);
    case Shape::table_pair: return widen(join(value(35), Word{0, 13}), 64);
    case Shape::plain: break;
  }
  return value(about.bytes * 8);
}

auto CoreCells::now(Cell cell, const Word& vm, const Word& inner) -> Word {
  const auto& log = logs_[static_cast<unsigned>(cell)];
  for (auto write = log.rbegin(); write != log.rend(); ++write) {
    if (engine_.branch(write->vm == vm) && engine_.branch(write->inner == inner)) return write->value;
  }
  return initial(cell, vm, inner);
}

auto CoreCells::any_written() const -> bool {
  return std::ranges::any_of(logs_, [](const auto& log) { return !log.empty(); });
}

void CoreCells::set(const Place& place, const Word& value) {
  logs_[static_cast<unsigned>(place.cell)].push_back({place.vm, place.inner, value});
}

// The cell (or the padding before it) at a place, and the byte of it. Requires every index to be inside its array.
auto CoreCells::locate(const Pointer& at) -> std::pair<Place, std::uint64_t> {
  const Layout& layout = core_layout();
  const std::uint64_t vms_end = layout.vms + layout.vm_bytes * layout.vm_count;
  std::uint64_t offset = at.offset;
  Place place;
  std::vector<Step> inner;
  Word vm{0};
  bool in_vms = offset >= layout.vms && offset < vms_end;
  for (const Step& step : at.steps) {
    if (step.stride == layout.vm_bytes) {
      vm = vm + step.index;
      in_vms = true;
    } else {
      inner.push_back(step);
    }
  }
  if (in_vms) {
    vm = vm + Word{(offset - layout.vms) / layout.vm_bytes};
    offset = layout.vms + (offset - layout.vms) % layout.vm_bytes;
    engine_.require(vm < Word{layout.vm_count}, "index outside the array of VMs");
    place.vm = part(vm, 0, 5);
  }
  if (inner.size() > 1) throw Unsupported{"an access with two inner indices"};
  for (const CellInfo& each : layout.cells) {
    if (each.per_vm != in_vms) continue;
    const auto found = hit(each, offset, inner);
    if (!found) continue;
    if (each.count > 1) engine_.require(found->elements < Word{each.count}, "index outside " + each.name);
    place.cell = each.cell;
    place.inner = part(found->elements, 0, 6);
    return {place, found->byte};
  }
  return {place, ~std::uint64_t{0}};  // padding
}

void CoreCells::zero(const Pointer& at, std::uint64_t bytes) {
  for (const Piece& piece : pieces(at, static_cast<unsigned>(bytes))) {
    set(piece.place, Word{0, info(piece.place.cell).bytes * 8});
  }
}

auto CoreCells::pieces(const Pointer& at, unsigned bytes) -> std::vector<Piece> {
  std::vector<Piece> found;
  if (at.steps.empty() && at.offset + bytes > core_layout().core_bytes) throw Refuted{"access beyond core"};
  for (unsigned done = 0; done < bytes;) {
    Pointer here = at;
    here.offset += done;
    const auto [place, from] = locate(here);
    if (from == ~std::uint64_t{0}) {
      ++done;
      continue;
    }
    const auto size = std::min<unsigned>(bytes - done, info(place.cell).bytes - static_cast<unsigned>(from));
    found.push_back({place, done, static_cast<unsigned>(from), size});
    done += size;
  }
  return found;
}

auto CoreCells::load(const Pointer& at, unsigned bytes) -> Value {
  const auto found = pieces(at, bytes);
  if (found.size() == 1 && found[0].at == 0) {
    const Piece& only = found[0];
    if (only.place.cell == Cell::entries) return Pointer{kEntries};
    if (only.place.cell == Cell::mapped) return Pointer{kMapped};
    if (only.bytes == bytes) {
      if (on_read) on_read(only.place);
      return part(now(only.place.cell, only.place.vm, only.place.inner), only.from * 8, bytes * 8);
    }
  }
  throw Unsupported{"a load across members of core"};
}

void CoreCells::store(const Pointer& at, unsigned bytes, const Value& value) {
  const Word* const word = value.word();
  if (word == nullptr) throw Unsupported{"a store of no number into core"};
  for (const Piece& piece : pieces(at, bytes)) {
    if (piece.bytes != info(piece.place.cell).bytes) throw Unsupported{"a store of half a member of core"};
    set(piece.place, part(*word, piece.at * 8, piece.bytes * 8));
  }
}

}  // namespace redoubt::prover
