// SPDX-License-Identifier: Apache-2.0
#include "hyp/fdt/reservations.hpp"

namespace redoubt::hyp::fdt {
namespace {

// The firmware's reservation that `page` lies in, if any.
auto reservation_at(const PlatformInfo& info, const PaRange& dtb, const PaRange& page) noexcept
    -> std::optional<PaRange> {
  for (const auto& reserved : info.reserved) {
    if (page.overlaps(reserved.range) && firmware_owns(info, dtb, reserved.range)) return reserved.range;
  }
  return std::nullopt;
}

}  // namespace

auto firmware_owns(const PlatformInfo& info, const PaRange& dtb, const PaRange& reserved) noexcept -> bool {
  if (reserved.overlaps(dtb)) return false;
  if (info.chosen.initrd && reserved.overlaps(*info.chosen.initrd)) return false;
  for (const auto& module : info.chosen.modules) {
    if (reserved.overlaps(module.range)) return false;
  }
  return true;
}

auto marker_page(const PlatformInfo& info, const PaRange& dtb) noexcept -> std::optional<PaRange> {
  const auto ranges = info.ram.ranges();
  for (std::size_t n = ranges.size(); n > 0; --n) {
    const auto& ram = ranges[n - 1];
    Pa end = ram.end;
    // Each step leaves one reservation behind, so there are at most as many as reservations, and one to find none.
    for (std::size_t step = 0; step <= kMaxReserved && end.value() >= ram.begin.value() + kPageSize; ++step) {
      const PaRange page{Pa{end.value() - kPageSize}, end};
      const auto reserved = reservation_at(info, dtb, page);
      if (!reserved) return page;
      end = Pa{align_down(reserved->begin.value(), kPageSize)};
    }
  }
  return std::nullopt;
}

}  // namespace redoubt::hyp::fdt
