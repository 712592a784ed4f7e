// SPDX-License-Identifier: Apache-2.0
// What the real tables and PageDb mean. The walks and the descriptor bits are written out here, from the Arm ARM
// (D8.3, stage 2, 4 KiB granule), so that a mistake in core's encoding does not cancel out.
#include "proofs/explorer/world.hpp"

namespace redoubt::explorer {

namespace {

constexpr std::uint64_t kAddress = 0x0000'ffff'ffff'f000;
constexpr std::uint64_t kOwnedBit = std::uint64_t{1} << 55;
constexpr std::uint64_t kNormal = std::uint64_t{0b1111} << 2 | std::uint64_t{3} << 8 | std::uint64_t{1} << 10;
constexpr std::uint64_t kExecuteNever = std::uint64_t{1} << 54;

auto leaf(std::uint64_t pfn, std::uint64_t rest) -> std::uint64_t { return pfn << 12 | rest | 3; }

struct End {
  std::uint8_t tables = 0;  // passed on the way
  std::uint64_t desc = 0;
  bool wild = false;
};

// Three levels from a concatenated level-1 root.
auto walk(const TinyMemory& memory, std::uint64_t root, std::uint64_t frame) -> End {
  std::uint64_t index = root / 8 + (frame >> 18);
  End end;
  for (unsigned shift = 9;; shift -= 9) {
    const std::uint64_t word = index - kFirstFrame * 512;
    if (word >= kPages * 512) return {end.tables, 0, true};
    end.desc = memory.words[word];
    if (end.tables == 2 || (end.desc & 3) != 3) return end;
    ++end.tables;
    index = (end.desc & kAddress) / 8 + (frame >> shift) % 512;
  }
}

auto rights_of(std::uint64_t desc) -> std::uint8_t {
  const unsigned execute = (desc & kExecuteNever) == 0 ? RD_PROT_X : 0;
  return static_cast<std::uint8_t>((desc >> 6 & 3) | execute);
}

auto cell_of(const End& end) -> Cell {
  const std::uint64_t desc = end.desc;
  Cell cell{.level = static_cast<std::uint8_t>(end.tables + 1), .torn = end.wild};
  cell.mapped = (desc & 1) != 0;
  cell.ripas = cell.mapped ? Ripas::empty : static_cast<Ripas>(desc >> 2 & 3);
  if (!cell.mapped) return cell;
  cell.owned = (desc & kOwnedBit) != 0;
  if (cell.owned) cell.ripas = Ripas::ram;
  cell.pfn = (desc & kAddress) >> 12;
  cell.prot = rights_of(desc);
  const std::uint64_t rest = std::uint64_t{cell.prot & 3U} << 6 | ((cell.prot & RD_PROT_X) != 0 ? 0 : kExecuteNever);
  cell.torn = desc != leaf(cell.pfn, kNormal | rest | (cell.owned ? kOwnedBit : 0));
  return cell;
}

auto life_of(core::VmState state) -> Life {
  switch (state) {
    case core::VmState::building: return Life::building;
    case core::VmState::runnable: return Life::runnable;
    case core::VmState::stopped: return Life::stopped;
    case core::VmState::dead: return Life::dead;
    default: return Life::free;
  }
}

}  // namespace

auto World::host_view(unsigned number) -> core::Descriptor {
  return walk(memory_, core_.host.root.value(), kFirstFrame + number).desc;
}

void World::read_page(SpecState& state, unsigned number) {
  const core::PageEntry entry = entries_[number];
  spec::Page& page = state.pages[number];
  std::uint64_t expected = 0;
  switch (entry.owner()) {
    case core::Owner::host:
      page = spec::Page{.borrows = static_cast<std::uint16_t>(entry.borrows()), .run = entry.hyp_shared()};
      expected = leaf(kFirstFrame + number, kNormal | 3 << 6);
      break;
    case core::Owner::hyp: page.kind = entry.pinned() ? Kind::pinned : Kind::meta; break;
    default:
      page = spec::Page{.kind = Kind::guest, .decoy = entry.decoy()};
      if (entry.decoy()) expected = leaf(core_.vms.at(entry.slot()).decoy.value(), kNormal | 3 << 6 | kExecuteNever);
  }
  page.vm = static_cast<std::uint8_t>(entry.slot());
  const bool hyp_maps = (memory_.hyp_mapped >> number & 1) != 0;
  page.torn = hyp_maps != (page.kind == Kind::pinned || page.kind == Kind::meta || page.run);
  page.torn = page.torn || host_view(number) != expected;
}

void World::read_vm(SpecState& state, unsigned slot) {
  const core::Vm& vm = core_.vms.at(slot);
  auto& [known, cells, vcpus] = state.vms[slot];
  known = spec::Vm{.life = life_of(vm.state), .generation = vm.generation};
  if (known.life == Life::free) return;
  known.prot = vm.prot;
  known.rsi = vm.rsi;
  known.ipa_bits = static_cast<std::uint8_t>(vm.ipa_bits);
  known.nr_vcpus = static_cast<std::uint8_t>(vm.nr_vcpus);
  known.pool = vm.pool.size();
  known.next_image = vm.next_image.value();
  known.mapped = vm.mapped_pages;
  known.meta = vm.meta_pages;
  known.root = pfn_of(vm.root).value();
  known.decoy = vm.decoy.value();
  for (unsigned i = 0; i < kSpecVcpus; ++i) {
    const core::Vcpu& vcpu = vm.vcpus[i];
    if (vcpu.exists) vcpus[i] = spec::Vcpu{true, vcpu.loaded, vcpu.state.value(), vcpu.run.value()};
  }
  if (known.life == Life::dead && known.mapped == 0) return;
  for (unsigned i = 0; i < kSlots; ++i) cells[i] = cell_of(walk(memory_, vm.root.value(), (i / 2) * kHalf + i % 2));
}

auto World::meaning() -> SpecState {
  SpecState state;
  for (unsigned number = 0; number < kPages; ++number) read_page(state, number);
  for (unsigned slot = 0; slot < kSpecVms; ++slot) read_vm(state, slot);
  state.normalise();
  return state;
}

}  // namespace redoubt::explorer
