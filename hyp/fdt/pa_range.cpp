// SPDX-License-Identifier: Apache-2.0
#include "hyp/fdt/pa_range.hpp"

#include <algorithm>

namespace redoubt::hyp::fdt {
namespace {

// Replaces ranges [first, last) by `pieces`.
auto splice(std::span<PaRange> storage, std::size_t& count, std::size_t first, std::size_t last,
            std::span<const PaRange> pieces) noexcept -> bool {
  const std::size_t tail = count - last;
  if (first + pieces.size() + tail > storage.size()) return false;
  const auto moved = storage.subspan(last, tail);
  const auto target = storage.subspan(first + pieces.size(), tail);
  if (target.data() < moved.data()) {
    std::ranges::copy(moved, target.begin());
  } else {
    std::ranges::copy_backward(moved, target.end());
  }
  std::ranges::copy(pieces, storage.begin() + static_cast<std::ptrdiff_t>(first));
  count = first + pieces.size() + tail;
  return true;
}

}  // namespace

auto insert_range(std::span<PaRange> storage, std::size_t& count, const PaRange& range) noexcept -> bool {
  std::size_t first = 0;
  while (first < count && storage[first].end < range.begin) ++first;
  PaRange merged = range;
  std::size_t last = first;
  for (; last < count && storage[last].begin <= range.end; ++last) {
    merged.begin = std::min(merged.begin, storage[last].begin);
    merged.end = std::max(merged.end, storage[last].end);
  }
  return splice(storage, count, first, last, {&merged, 1});
}

auto remove_range(std::span<PaRange> storage, std::size_t& count, const PaRange& range) noexcept -> bool {
  std::size_t first = 0;
  while (first < count && storage[first].end <= range.begin) ++first;
  std::size_t last = first;
  while (last < count && storage[last].begin < range.end) ++last;
  if (first == last) return true;
  std::array<PaRange, 2> pieces{};
  std::size_t left_over = 0;
  if (storage[first].begin < range.begin) pieces[left_over++] = {storage[first].begin, range.begin};
  if (range.end < storage[last - 1].end) pieces[left_over++] = {range.end, storage[last - 1].end};
  return splice(storage, count, first, last, std::span{pieces}.first(left_over));
}

}  // namespace redoubt::hyp::fdt
