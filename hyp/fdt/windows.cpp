// SPDX-License-Identifier: Apache-2.0
#include "hyp/fdt/windows.hpp"

#include <algorithm>

#include "hyp/fdt/address.hpp"
#include "hyp/fdt/lookup.hpp"

namespace redoubt::hyp::fdt {
namespace {

// Takes `range` away and counts in `clipped` whether that made a difference. False if the set ran out of room.
auto take(Windows& windows, const PaRange& range, std::uint32_t& clipped) noexcept -> bool {
  const auto overlaps = [&range](const PaRange& window) { return window.overlaps(range); };
  if (!std::ranges::any_of(windows.set.ranges(), overlaps)) return true;
  ++clipped;
  return windows.set.remove(range);
}

// Gives or takes every page with registers or PCI windows of the node.
auto apply(const Cursor& cursor, bool give, Windows& windows) noexcept -> bool {
  const std::size_t registers = reg_count(cursor, cursor.depth());
  for (std::size_t i = 0; i < registers + pci_window_count(cursor); ++i) {
    const auto range = i < registers ? reg_range(cursor, cursor.depth(), i) : pci_window(cursor, i - registers);
    if (!range) continue;
    const PaRange pages = range->pages_touched();
    if (!(give ? windows.set.insert(pages) : take(windows, pages, windows.clipped_device))) return false;
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
    fits = !gives_windows(cursor, policy) || apply(cursor, true, windows);
  }
  for (Cursor cursor{reader}; fits && cursor.next();) {
    fits = !takes_windows(cursor, policy) || apply(cursor, false, windows);
  }
  fits = fits && take_memory(info, forbidden, windows);
  return fits ? FdtResult<>{} : FdtUnexpected{FdtError::TOO_MANY};
}

}  // namespace redoubt::hyp::fdt
