// SPDX-License-Identifier: Apache-2.0
#include "vmm/backend/panic_watch.hpp"

#include <string_view>

namespace redoubt::vmm {
namespace {

// What panic() of Linux prints first, whatever the log level. Its first character does not occur again, so a mismatch
// can only begin a new match.
constexpr std::string_view kMarker = "Kernel panic - not syncing: ";
static_assert(kMarker.find(kMarker[0], 1) == std::string_view::npos);

constexpr std::size_t kReasonBytes = 160;

}  // namespace

void PanicWatch::feed(std::span<const std::byte> bytes) {
  for (const std::byte byte : bytes) feed(static_cast<char>(byte));
}

void PanicWatch::feed(char byte) {
  if (ended_) return;
  if (matched_ < kMarker.size()) {
    if (byte != kMarker[matched_]) matched_ = 0;
    if (byte == kMarker[matched_]) ++matched_;
  } else if (byte == '\n' || byte == '\r' || reason_.size() == kReasonBytes) {
    ended_ = true;
  } else if (byte >= ' ' && byte <= '~') {
    reason_ += byte;
  }
}

auto PanicWatch::reason() const -> std::optional<std::string> {
  if (matched_ < kMarker.size()) return std::nullopt;
  return reason_;
}

}  // namespace redoubt::vmm
