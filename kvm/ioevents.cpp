// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "kvm/ioevents.hpp"

#include "base/bits.hpp"

namespace redoubt::kvm {
namespace {

auto valid_width(std::uint32_t bytes) noexcept -> bool {
  return bytes == 0 || bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
}

auto truncated(std::uint64_t value, std::uint32_t bytes) noexcept -> std::uint64_t {
  return bytes == 0 ? value : value & bit_mask(0, bytes * 8);
}

// Whether one write could match both.
auto clash(const Ioevent& a, const Ioevent& b) noexcept -> bool {
  if (a.address != b.address) return false;
  if (a.bytes == 0 || b.bytes == 0) return true;
  if (a.bytes != b.bytes) return false;
  return !a.match_data || !b.match_data || truncated(a.data, a.bytes) == truncated(b.data, b.bytes);
}

auto same(const Ioevent& a, const Ioevent& b) noexcept -> bool {
  return a.address == b.address && a.bytes == b.bytes && a.match_data == b.match_data &&
         (!a.match_data || truncated(a.data, a.bytes) == truncated(b.data, b.bytes));
}

}  // namespace

auto Ioevents::find(const Ioevent& event) const noexcept -> std::optional<std::size_t> {
  for (std::size_t i = 0; i < count_; ++i) {
    if (same(events_[i], event)) return i;
  }
  return std::nullopt;
}

auto Ioevents::add(const Ioevent& event) noexcept -> KvmResult<> {
  if (!valid_width(event.bytes) || (event.match_data && event.bytes == 0)) return KvmError{Errno::kInval};
  for (std::size_t i = 0; i < count_; ++i) {
    if (clash(events_[i], event)) return KvmError{Errno::kExist};
  }
  if (count_ == kMaxIoevents) return KvmError{Errno::kNoSpc};
  events_[count_++] = event;
  return {};
}

auto Ioevents::remove(const Ioevent& event) noexcept -> KvmResult<IoeventHandle> {
  const auto index = find(event);
  if (!index) return KvmError{Errno::kNoEnt};
  const IoeventHandle handle = events_[*index].handle;
  events_[*index] = events_[--count_];
  return handle;
}

auto Ioevents::match(Ipa address, std::uint32_t bytes, std::uint64_t value) const noexcept
    -> std::optional<IoeventHandle> {
  for (std::size_t i = 0; i < count_; ++i) {
    const Ioevent& event = events_[i];
    if (event.address != address) continue;
    if (event.bytes != 0 && event.bytes != bytes) continue;
    if (event.match_data && truncated(event.data, bytes) != truncated(value, bytes)) continue;
    return event.handle;
  }
  return std::nullopt;
}

}  // namespace redoubt::kvm
