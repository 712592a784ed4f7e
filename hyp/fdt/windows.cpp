// SPDX-License-Identifier: Apache-2.0
#include "hyp/fdt/windows.hpp"

#include <algorithm>

#include "hyp/fdt/address.hpp"
#include "hyp/fdt/lookup.hpp"

namespace redoubt::hyp::fdt {
namespace {

// Calls use(PaRange) for each run of pages with registers or PCI windows of the node; stops when it answers false.
template <class Use>
auto for_each_page_run(const Cursor& cursor, Use&& use) noexcept -> bool {
  for (std::size_t i = 0; i < reg_count(cursor, cursor.depth()); ++i) {
    const auto range = reg_range(cursor, cursor.depth(), i);
    if (range && !use(range->pages_touched())) return false;
  }
  for (std::size_t i = 0; i < pci_window_count(cursor); ++i) {
    const auto range = pci_window(cursor, i);
    if (range && !use(range->pages_touched())) return false;
  }
  return true;
}

auto gives_windows(const Cursor& cursor, const Policy& policy) noexcept -> bool {
  const Verdict verdict = judge(cursor, policy);
  const bool device = verdict.node_class == NodeClass::HARMLESS || verdict.node_class == NodeClass::DEVICE;
  return verdict.kept && device && is_enabled(cursor.reader(), cursor.node());
}

auto takes_windows(const Cursor& cursor, const Policy& policy) noexcept -> bool {
  const Verdict verdict = judge(cursor, policy);
  if (verdict.node_class == NodeClass::GIC) return true;
  return !verdict.kept && verdict.reason != Reason::REPLACED && verdict.reason != Reason::CONSUMED;
}

// Takes `range` away and counts in `clipped` whether that made a difference. False if the set ran out of room.
auto take(Windows& windows, const PaRange& range, std::uint32_t& clipped) noexcept -> bool {
  const auto overlaps = [&range](const PaRange& window) { return window.overlaps(range); };
  if (!std::ranges::any_of(windows.set.ranges(), overlaps)) return true;
  ++clipped;
  return windows.set.remove(range);
}

auto take_memory(const PlatformInfo& info, std::span<const PaRange> forbidden, Windows& windows) noexcept -> bool {
  for (const PaRange& range : info.ram.ranges()) {
    if (!take(windows, range, windows.clipped_memory)) return false;
  }
  for (const PaRange& range : forbidden) {
    if (!take(windows, range.pages_touched(), windows.clipped_memory)) return false;
  }
  return true;
}

}  // namespace

auto mmio_windows(const Reader& reader, const Policy& policy, const PlatformInfo& info,
                  std::span<const PaRange> forbidden, Windows& windows) noexcept -> FdtResult<> {
  bool fits = true;
  for (Cursor cursor{reader}; fits && cursor.next();) {
    if (!gives_windows(cursor, policy)) continue;
    fits = for_each_page_run(cursor, [&](const PaRange& run) { return windows.set.insert(run); });
  }
  for (Cursor cursor{reader}; fits && cursor.next();) {
    if (!takes_windows(cursor, policy)) continue;
    fits = for_each_page_run(cursor, [&](const PaRange& run) { return take(windows, run, windows.clipped_device); });
  }
  fits = fits && take_memory(info, forbidden, windows);
  return fits ? FdtResult<>{} : FdtUnexpected{FdtError::TOO_MANY};
}

}  // namespace redoubt::hyp::fdt
