// SPDX-License-Identifier: Apache-2.0
// Ownership of every page of RAM: up to kMaxRegions RAM regions over one dense array of PageEntry.
// A frame outside the regions is not a page (it is MMIO or nothing) and no call accepts it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/addr.hpp"
#include "base/range.hpp"
#include "base/result.hpp"
#include "core/pages/page_entry.hpp"

namespace redoubt::core {

// Where a frame is in the dense array. Only PageDb makes one.
using PageIndex = ::redoubt::detail::Quantity<struct PageIndexTag>;
[[nodiscard]] constexpr auto operator+(PageIndex index, std::uint64_t pages) noexcept -> PageIndex {
  return PageIndex{index.value() + pages};
}
// Number of a naturally aligned 2 MiB block among those that hold RAM: the index of its static level-3 table.
using BlockIndex = ::redoubt::detail::Quantity<struct BlockIndexTag>;

class PageDb final {
 public:
  static constexpr unsigned kMaxRegions = 8;

  struct Region {
    Pfn first;
    std::uint64_t count = 0;
    std::uint64_t index_base = 0;  // PageIndex of `first`
    std::uint64_t block_base = 0;  // BlockIndex of the block that holds `first`
  };

  struct Place {
    PageIndex page;
    BlockIndex block;
  };

  constexpr PageDb() noexcept = default;
  // `entries`: zeroed storage, one per page of RAM. Boot only.
  constexpr explicit PageDb(std::span<PageEntry> entries) noexcept : entries_(entries) {}

  // Boot only. Regions must come in ascending order without overlap (INVALID); NO_MEMORY if the array or the region
  // table is full.
  [[nodiscard]] constexpr auto add_region(Pfn first, std::uint64_t count) noexcept -> Result<>;
  // Boot only: pages of EL2's image and carve-out. INVALID if a frame is not RAM.
  [[nodiscard]] constexpr auto pin_for_hyp(Pfn first, std::uint64_t count) noexcept -> Result<>;
  // Boot only: what is RAM in [first, end) and exclusively the host's stays so and can never be donated, as if somebody
  // borrowed it for ever.
  constexpr void lend_for_ever(Pfn first, Pfn end) noexcept;

  [[nodiscard]] constexpr auto find(Pfn pfn) const noexcept -> std::optional<Place>;
  // The 512 frames of a 2 MiB aligned block, if all of them are one run of RAM.
  [[nodiscard]] constexpr auto find_block(Pfn first) const noexcept -> std::optional<Place>;

  [[nodiscard]] constexpr auto at(PageIndex index) const noexcept -> PageEntry { return entries_[index.value()]; }
  constexpr void set(PageIndex index, PageEntry entry) noexcept { entries_[index.value()] = entry; }
  // The entries of the page or block that find() or find_block() has found; at most kBlockPages.
  [[nodiscard]] constexpr auto run(PageIndex first, std::uint64_t pages) const noexcept -> std::span<const PageEntry> {
    return entries_.subspan(first.value(), pages < kBlockPages ? pages : kBlockPages);
  }
  [[nodiscard]] constexpr auto run(PageIndex first, std::uint64_t pages) noexcept -> std::span<PageEntry> {
    return entries_.subspan(first.value(), pages < kBlockPages ? pages : kBlockPages);
  }

  [[nodiscard]] constexpr auto pages() const noexcept -> std::uint64_t { return pages_; }
  [[nodiscard]] constexpr auto blocks() const noexcept -> std::uint64_t { return blocks_; }
  [[nodiscard]] constexpr auto regions() const noexcept -> std::span<const Region> {
    return std::span{regions_}.first(nr_regions_);
  }

 private:
  std::span<PageEntry> entries_{};
  std::array<Region, kMaxRegions> regions_{};
  unsigned nr_regions_ = 0;
  std::uint64_t pages_ = 0;
  std::uint64_t blocks_ = 0;
};

[[nodiscard]] constexpr auto block_number(Pfn pfn) noexcept -> std::uint64_t { return pfn.value() / kBlockPages; }

constexpr auto PageDb::add_region(Pfn first, std::uint64_t count) noexcept -> Result<> {
  RD_TRY(PfnRange::make(first, count, kFrameLimit));
  if (nr_regions_ == kMaxRegions || count > entries_.size() - pages_) return Unexpected{Error::NO_MEMORY};
  std::uint64_t block_base = blocks_;
  if (nr_regions_ > 0) {
    const Region& last = regions_[nr_regions_ - 1];
    if (first < last.first + last.count) return Unexpected{Error::INVALID};
    // Two regions may meet inside one block; it has only one level-3 table.
    if (block_number(first) == block_number(last.first + (last.count - 1))) --block_base;
  }
  regions_[nr_regions_++] = Region{first, count, pages_, block_base};
  pages_ += count;
  blocks_ = block_base + (block_number(first + (count - 1)) - block_number(first)) + 1;
  return {};
}

constexpr auto PageDb::pin_for_hyp(Pfn first, std::uint64_t count) noexcept -> Result<> {
  RD_TRY(PfnRange::make(first, count, kFrameLimit));
  for (const Region& region : regions()) {
    if (first < region.first || first.value() - region.first.value() >= region.count) continue;
    const std::uint64_t offset = first.value() - region.first.value();
    if (count > region.count - offset) return Unexpected{Error::INVALID};
    for (std::uint64_t i = 0; i < count; ++i) set(PageIndex{region.index_base + offset + i}, PageEntry::hyp_pinned());
    return {};
  }
  return Unexpected{Error::INVALID};
}

constexpr void PageDb::lend_for_ever(Pfn first, Pfn end) noexcept {
  for (const Region& region : regions()) {
    const Pfn begin = first < region.first ? region.first : first;
    const Pfn region_end = region.first + region.count;
    for (Pfn pfn = begin; pfn < end && pfn < region_end; pfn = pfn + 1) {
      const PageIndex index{region.index_base + (pfn.value() - region.first.value())};
      if (at(index).host_exclusive()) set(index, PageEntry{}.with_borrows(1));
    }
  }
}

constexpr auto PageDb::find(Pfn pfn) const noexcept -> std::optional<Place> {
  for (unsigned i = 0; i < nr_regions_; ++i) {
    const Region& region = regions_[i];
    const std::uint64_t offset = pfn.value() - region.first.value();  // wraps to a huge number below the region
    if (offset >= region.count) continue;
    const std::uint64_t block = block_number(pfn) - block_number(region.first);
    return Place{PageIndex{region.index_base + offset}, BlockIndex{region.block_base + block}};
  }
  return std::nullopt;
}

constexpr auto PageDb::find_block(Pfn first) const noexcept -> std::optional<Place> {
  const auto low = find(first);
  const auto high = find(first + (kBlockPages - 1));
  if (!low || !high || high->page.value() - low->page.value() != kBlockPages - 1) return std::nullopt;
  return low;
}

}  // namespace redoubt::core
