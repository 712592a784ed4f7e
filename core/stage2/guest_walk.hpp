// SPDX-License-Identifier: Apache-2.0
// Reading a guest's stage 2: level 1 (RD_VM_ROOT_PAGES concatenated tables) to level 3.
#pragma once

#include <cstdint>

#include "core/machine.hpp"
#include "core/stage2/attributes.hpp"
#include "core/stage2/geometry.hpp"
#include "core/vm/vm.hpp"

namespace redoubt::core {

static_assert(Geometry::make(RD_MAX_IPA_BITS)->root_tables <= RD_VM_ROOT_PAGES,
              "the root holds every allowed IPA size");
static_assert(Geometry::make(RD_MIN_IPA_BITS)->start == Level::L1 &&
              Geometry::make(RD_MAX_IPA_BITS)->start == Level::L1);

// The entry at which the walk for a guest frame ends: invalid at any level, a block, or a page.
struct GuestEntry {
  Pa slot;
  Level level = Level::L1;
  Descriptor desc = 0;

  [[nodiscard]] auto mapped() const noexcept -> bool { return arm64::s2::valid(desc); }
  [[nodiscard]] auto ripas() const noexcept -> Ripas { return mapped() ? Ripas::ram : ripas_of_invalid(desc); }
};

[[nodiscard]] inline auto guest_root_slot(const Vm& vm, std::uint64_t frame) noexcept -> Pa {
  return vm.root + (frame >> arm64::frame_shift(Level::L1)) * sizeof(Descriptor);
}

// gfn < vm.frames().
template <Machine M>
[[nodiscard]] auto guest_walk(M& machine, const Vm& vm, Gfn gfn) noexcept -> GuestEntry {
  GuestEntry entry{guest_root_slot(vm, gfn.value()), Level::L1, 0};
  entry.desc = machine.load(entry.slot);
  if (!arm64::s2::is_table(entry.desc, Level::L1)) return entry;
  entry.slot = table_slot(arm64::s2::table_of(entry.desc), Level::L2, gfn.value());
  entry.level = Level::L2;
  entry.desc = machine.load(entry.slot);
  if (!arm64::s2::is_table(entry.desc, Level::L2)) return entry;
  entry.slot = table_slot(arm64::s2::table_of(entry.desc), Level::L3, gfn.value());
  entry.level = Level::L3;
  entry.desc = machine.load(entry.slot);
  return entry;
}

// The page that a mapped entry gives `gfn`.
[[nodiscard]] inline auto frame_at(const GuestEntry& entry, Gfn gfn) noexcept -> Pfn {
  return arm64::s2::frame_of(entry.desc) + (gfn.value() & (entry_pages(entry.level) - 1));
}

// First guest frame after `gfn` that `entry` does not cover.
[[nodiscard]] inline auto end_of(const GuestEntry& entry, Gfn gfn) noexcept -> Gfn {
  return Gfn{align_down(gfn.value(), entry_pages(entry.level)) + entry_pages(entry.level)};
}

// The highest level (largest entry) whose entry at `gfn` lies inside [gfn, end).
[[nodiscard]] inline auto largest_level(Gfn gfn, Gfn end) noexcept -> Level {
  const std::uint64_t pages = end.value() - gfn.value();
  if (aligned(gfn.value(), entry_pages(Level::L1)) && pages >= entry_pages(Level::L1)) return Level::L1;
  if (aligned(gfn.value(), entry_pages(Level::L2)) && pages >= entry_pages(Level::L2)) return Level::L2;
  return Level::L3;
}

// Table pages that must be added so that the walk for this entry's frame reaches `target`.
[[nodiscard]] inline auto tables_needed(const GuestEntry& entry, Level target) noexcept -> std::uint32_t {
  return entry.level >= target ? 0 : number_of(target) - number_of(entry.level);
}

// Slot `index` entries after the one in `entry`, in the same table.
[[nodiscard]] inline auto slot_after(const GuestEntry& entry, std::uint64_t index) noexcept -> Pa {
  return entry.slot + index * sizeof(Descriptor);
}

}  // namespace redoubt::core
