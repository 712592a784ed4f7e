// SPDX-License-Identifier: Apache-2.0
// Boot: makes the host's stage 2 before VTTBR_EL2 is loaded. RAM that PageDb says is the host's becomes 2 MiB blocks, or
// pages at the edges; MMIO windows become device memory that cannot be executed; everything else stays absent.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>

#include "core/stage2/host_map.hpp"

namespace redoubt::core {

// A run of frames that are not RAM: the registers of a device left to the host.
struct MmioWindow {
  Pfn first;
  std::uint64_t pages = 0;
};

struct HostLayout {
  unsigned ipa_bits = 0;              // min(ID_AA64MMFR0_EL1.PARange, 48)
  Pa leaf_tables;                     // PageDb::blocks() contiguous pages
  std::span<std::uint16_t> mapped{};  // PageDb::blocks() entries, zeroed
  bool fwb = false;                   // HCR_EL2.FWB while the host runs
  bool devices = false;               // an SMMU walks the tables too
};

// pages (a power of two) -> their zeroed, contiguous memory, aligned to its size; NO_MEMORY.
template <class A>
concept BootAllocator = requires(A& alloc, std::uint64_t pages) {
  { alloc(pages) } noexcept -> std::same_as<Result<Pa>>;
};

template <Machine M, BootAllocator A>
class HostTablesBuilder final {
 public:
  HostTablesBuilder(M& machine, const PageDb& pages, A& alloc) noexcept
      : machine_(machine), pages_(pages), alloc_(alloc) {}

  [[nodiscard]] auto build(const HostLayout& layout, std::span<const MmioWindow> windows) noexcept
      -> Result<HostTables> {
    RD_TRY_ASSIGN(geometry, Geometry::make(layout.ipa_bits));
    if (layout.mapped.size() < pages_.blocks()) return Unexpected{Error::NO_MEMORY};
    RD_TRY_ASSIGN(root, alloc_(geometry.root_tables));
    host_ = HostTables{geometry, root, layout.leaf_tables, layout.mapped, layout.fwb, layout.devices};
    for (const PageDb::Region& region : pages_.regions()) RD_TRY(map_region(region));
    for (const MmioWindow& window : windows) RD_TRY(map_window(window));
    machine_.dsb_ishst();
    return host_;
  }

 private:
  [[nodiscard]] auto map_region(const PageDb::Region& region) noexcept -> Result<> {
    const std::uint64_t end = region.first.value() + region.count;
    if (end > host_.geometry.frames()) return Unexpected{Error::INVALID};
    std::uint64_t block = region.block_base;
    for (std::uint64_t frame = align_down(region.first.value(), kBlockPages); frame < end; frame += kBlockPages) {
      RD_TRY(map_ram_block(BlockIndex{block++}, Pfn{frame}));
    }
    return {};
  }

  [[nodiscard]] auto host_owned(Pfn pfn) const noexcept -> bool {
    const auto place = pages_.find(pfn);
    return place && pages_.at(place->page).owner() == Owner::host;
  }

  // The common case, for which no level-3 table has to be filled: a split does that.
  [[nodiscard]] auto whole_block_is_the_hosts(Pfn first) const noexcept -> bool {
    const auto place = pages_.find_block(first);
    if (!place) return false;
    for (std::uint64_t i = 0; i < kBlockPages; ++i) {
      if (!pages_.at(PageIndex{place->page.value() + i}).host_exclusive()) return false;
    }
    return true;
  }

  [[nodiscard]] auto map_ram_block(BlockIndex block, Pfn first) noexcept -> Result<> {
    RD_TRY_ASSIGN(slot, reach(first, Level::L2));
    if (!host_.devices && whole_block_is_the_hosts(first)) {
      host_.mapped[block.value()] = static_cast<std::uint16_t>(kBlockPages);
      machine_.store(slot, host_leaf(host_, first, Level::L2));
      return {};
    }
    std::uint16_t mapped = 0;
    const Pa table = host_.leaf_table(block);
    for (std::uint64_t i = 0; i < kBlockPages; ++i) {
      const bool present = host_owned(first + i);
      mapped = static_cast<std::uint16_t>(mapped + (present ? 1 : 0));
      machine_.store(table + i * sizeof(Descriptor), present ? host_leaf(host_, first + i, Level::L3) : 0);
    }
    host_.mapped[block.value()] = mapped;
    machine_.store(slot, arm64::s2::make_table(table));
    return {};
  }

  [[nodiscard]] auto map_window(const MmioWindow& window) noexcept -> Result<> {
    RD_TRY_ASSIGN(range, PfnRange::make(window.first, window.pages, kFrameLimit));
    if (range.end().value() > host_.geometry.frames()) return Unexpected{Error::INVALID};
    for (const PageDb::Region& region : pages_.regions()) {
      if (range.first() < region.first + region.count && region.first < range.end()) return Unexpected{Error::INVALID};
    }
    Pfn pfn = range.first();
    while (pfn < range.end()) {
      RD_TRY_ASSIGN(done, map_piece(pfn, range.end().value() - pfn.value()));
      pfn = pfn + done;
    }
    return {};
  }

  // The largest aligned piece at `pfn`: 1 GiB, 2 MiB or 4 KiB; smaller if smaller entries are there already.
  [[nodiscard]] auto map_piece(Pfn pfn, std::uint64_t remaining) noexcept -> Result<std::uint64_t> {
    Level level = Level::L1;
    while (level != Level::L3 && (!aligned(pfn.value(), entry_pages(level)) || remaining < entry_pages(level))) {
      level = next_level(level);
    }
    RD_TRY_ASSIGN(slot, reach(pfn, level));
    Descriptor old = machine_.load(slot);
    while (arm64::s2::is_table(old, level)) {
      level = next_level(level);
      slot = table_slot(arm64::s2::table_of(old), level, pfn.value());
      old = machine_.load(slot);
    }
    if (!arm64::s2::valid(old)) machine_.store(slot, arm64::s2::make_leaf(pfn, level, mmio_attributes()));
    const std::uint64_t covered = entry_pages(level) - (pfn.value() & (entry_pages(level) - 1));
    return covered < remaining ? covered : remaining;
  }

  // The entry for `pfn` at `level`, making tables above it. Where windows overlap it answers the larger leaf in the way.
  [[nodiscard]] auto reach(Pfn pfn, Level target) noexcept -> Result<Pa> {
    Level level = host_.geometry.start;
    Pa slot = host_.geometry.root_slot(host_.root, pfn.value());
    while (level < target) {
      Descriptor desc = machine_.load(slot);
      if (arm64::s2::is_leaf(desc, level)) return slot;
      if (!arm64::s2::valid(desc)) {
        RD_TRY_ASSIGN(table, alloc_(std::uint64_t{1}));
        desc = arm64::s2::make_table(table);
        machine_.store(slot, desc);
      }
      level = next_level(level);
      slot = table_slot(arm64::s2::table_of(desc), level, pfn.value());
    }
    return slot;
  }

  M& machine_;
  const PageDb& pages_;
  A& alloc_;
  HostTables host_{};
};

template <Machine M, BootAllocator A>
[[nodiscard]] auto build_host_tables(M& machine, const PageDb& pages, const HostLayout& layout,
                                     std::span<const MmioWindow> windows, A& alloc) noexcept -> Result<HostTables> {
  return HostTablesBuilder<M, A>{machine, pages, alloc}.build(layout, windows);
}

}  // namespace redoubt::core
