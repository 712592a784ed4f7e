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
constexpr std::uint8_t kContradiction = 0xee;

auto leaf(std::uint64_t number, std::uint64_t rest) -> std::uint64_t { return (kFirstFrame + number) << 12 | rest | 3; }

struct End {
  std::uint8_t tables = 0;  // passed on the way
  std::uint64_t desc = 0;
};

// Three levels from a concatenated level-1 root.
auto walk(const TinyMemory& memory, std::uint64_t root, std::uint64_t frame) -> End {
  std::uint64_t index = root / 8 + (frame >> 18);
  End end;
  for (unsigned shift = 9;; shift -= 9) {
    const std::uint64_t word = index - kFirstFrame * 512;
    if (word >= kPages * 512) return {kContradiction, 0};
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

auto slot_of(std::uint64_t desc) -> SpecSlot {
  if ((desc & 1) == 0) return SpecSlot{.ram = (desc >> 2 & 3) == 1};
  SpecSlot slot{.mapped = true, .owned = (desc & kOwnedBit) != 0};
  slot.ram = slot.owned;
  slot.page = static_cast<std::uint8_t>(((desc & kAddress) >> 12) - kFirstFrame);
  slot.prot = rights_of(desc);
  const std::uint64_t rest = std::uint64_t{slot.prot & 3U} << 6 | ((slot.prot & RD_PROT_X) != 0 ? 0 : kExecuteNever);
  if (desc != leaf(slot.page, kNormal | rest | (slot.owned ? kOwnedBit : 0))) slot.page = kContradiction;
  return slot;
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
  SpecPage& page = state.pages[number];
  std::uint64_t expected = 0;
  switch (entry.owner()) {
    case core::Owner::host:
      page = SpecPage{.borrows = static_cast<std::uint8_t>(entry.borrows()), .run = entry.hyp_shared()};
      expected = leaf(number, kNormal | 3 << 6);
      break;
    case core::Owner::hyp: page.kind = entry.pinned() ? Kind::pinned : Kind::meta; break;
    default:
      page = SpecPage{.kind = Kind::guest, .decoy = entry.decoy()};
      if (entry.decoy()) {
        const std::uint64_t decoy = core_.vms.at(entry.slot()).decoy.value() - kFirstFrame;
        expected = leaf(decoy, kNormal | 3 << 6 | kExecuteNever);
      }
  }
  page.vm = static_cast<std::uint8_t>(entry.slot());
  const bool hyp_maps = (memory_.hyp_mapped >> number & 1) != 0;
  if (hyp_maps != (page.kind == Kind::pinned || page.kind == Kind::meta || page.run)) page.vm = kContradiction;
  if (host_view(number) != expected) page.vm = kContradiction;
}

void World::read_vm(SpecState& state, unsigned slot) {
  const core::Vm& vm = core_.vms.at(slot);
  SpecVm& spec = state.vms[slot];
  spec.life = life_of(vm.state);
  if (spec.life == Life::free) return;
  spec.prot = vm.prot;
  spec.nr_vcpus = static_cast<std::uint8_t>(vm.nr_vcpus);
  spec.pool = static_cast<std::uint8_t>(vm.pool.size());
  spec.next_image = vm.next_image.value();
  spec.mapped = static_cast<std::uint8_t>(vm.mapped_pages);
  spec.meta = static_cast<std::uint8_t>(vm.meta_pages);
  for (unsigned i = 0; i < kSpecVcpus; ++i) {
    const core::Vcpu& vcpu = vm.vcpus[i];
    if (!vcpu.exists) continue;
    spec.vcpus[i] = SpecVcpu{true, vcpu.loaded, static_cast<std::uint8_t>(vcpu.state.value() - kFirstFrame),
                             static_cast<std::uint8_t>(vcpu.run.value() - kFirstFrame)};
  }
  if (spec.life == Life::dead && spec.mapped == 0) return;
  for (unsigned i = 0; i < kSlots; ++i) {
    const End end = walk(memory_, vm.root.value(), (i / 2) * kHalf + i % 2);
    spec.depth[i / 2] = end.tables;
    spec.slots[i] = slot_of(end.desc);
  }
}

auto World::meaning() -> SpecState {
  SpecState state;
  for (unsigned number = 0; number < kPages; ++number) read_page(state, number);
  for (unsigned slot = 0; slot < kSpecVms; ++slot) read_vm(state, slot);
  normalise(state);
  return state;
}

}  // namespace redoubt::explorer
