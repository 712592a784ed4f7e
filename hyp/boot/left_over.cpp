// SPDX-License-Identifier: Apache-2.0
#include "hyp/boot/left_over.hpp"

#include "arch/arm64/common/cache.hpp"
#include "hyp/log/log.hpp"
#include "hyp/mm/el2_machine.hpp"
#include "hyp/mm/window.hpp"

namespace redoubt::hyp {
namespace {

using fdt::PaRange;
using Keep = std::span<const PaRange>;

// One word in 64 KiB is looked at, in the middle of a page: what loaders leave behind is small and begins a page.
constexpr std::uint64_t kSampleStride = 0x10000;
constexpr std::uint64_t kSampleOffset = 0x800;

auto overlaps_any(const PaRange& range, Keep keep) noexcept -> bool {
  for (const auto& each : keep) {
    if (range.overlaps(each)) return true;
  }
  return false;
}

// Whole 2 MiB blocks of a RAM range; [first, end) may be empty.
struct Blocks {
  Pa first, end;
};

auto blocks_of(const PaRange& ram) noexcept -> Blocks {
  return Blocks{Pa{align_down(ram.begin.value() + kBlockSize - 1, kBlockSize)},
                Pa{align_down(ram.end.value(), kBlockSize)}};
}

auto looks_untouched(Pa block) noexcept -> bool {
  const Window window{pfn_of(block), kBlockPages};
  for (std::uint64_t at = kSampleOffset; at < kBlockSize; at += kSampleStride) {
    if (*reinterpret_cast<const volatile std::uint64_t*>(window.va() + at) != 0) return false;
  }
  return true;
}

// RAM that was just switched on and initialised reads as zero on some machines. After a run of Redoubt it cannot: pages of
// guests and of EL2, which no host can clear, are all over it, wherever the loader zeroed something meanwhile. Blocks with
// something to keep are not looked at: firmware's reservations may not even be readable.
auto fresh_from_power_on(const fdt::PlatformInfo& info, Keep keep) noexcept -> bool {
  for (const auto& ram : info.ram.ranges()) {
    const auto blocks = blocks_of(ram);
    for (Pa at = blocks.first; at < blocks.end; at = at + kBlockSize) {
      if (!overlaps_any(PaRange{at, at + kBlockSize}, keep) && !looks_untouched(at)) return false;
    }
  }
  return true;
}

void clear_page(Pa page, Keep keep) noexcept {
  if (!overlaps_any(PaRange{page, page + kPageSize}, keep)) return El2Machine{}.wipe(pfn_of(page), 1);
  const Window window{pfn_of(page), 1};
  for (std::uint64_t n = 0; n < kPageSize; ++n) {
    if (!overlaps_any(PaRange{page + n, page + (n + 1)}, keep)) {
      *reinterpret_cast<volatile std::uint8_t*>(window.va() + n) = 0;
    }
  }
  arm64::clean_invalidate_to_poc(window.data(), kPageSize);
}

// A page that is all the loader's has nothing to clear.
auto inside_one(const PaRange& range, Keep keep) noexcept -> bool {
  for (const auto& each : keep) {
    if (!(range.begin < each.begin) && !(each.end < range.end)) return true;
  }
  return false;
}

void clear(const PaRange& ram, Keep keep) noexcept {
  Pa at = ram.begin;
  while (at < ram.end) {
    const PaRange block{at, at + kBlockSize};
    if (aligned(at.value(), kBlockSize) && !(ram.end < block.end) && !overlaps_any(block, keep)) {
      El2Machine{}.wipe(pfn_of(at), kBlockPages);
      at = block.end;
      continue;
    }
    if (!inside_one(PaRange{at, at + kPageSize}, keep)) clear_page(at, keep);
    at = at + kPageSize;
  }
}

}  // namespace

void clear_left_over(LastRun last, const fdt::PlatformInfo& info, Keep keep) noexcept {
  if (last == LastRun::CLEARED) return;
  if (last == LastRun::NO_SIGN && fresh_from_power_on(info, keep)) return;
  log("the last run may have left guests' memory behind: clearing all RAM first");
  for (const auto& ram : info.ram.ranges()) clear(ram, keep);
}

}  // namespace redoubt::hyp
