// SPDX-License-Identifier: Apache-2.0
#include "vmm/devices/rng.hpp"

#include <algorithm>
#include <array>

namespace redoubt::vmm {
namespace {

// One request is answered with at most this much, so that a guest cannot keep the event loop busy; the driver sees how
// much it got and asks again.
constexpr std::size_t kMostPerRequest = 4096;

}  // namespace

auto VirtioRng::process(unsigned) -> DeviceResult<> {
  while (true) {
    auto chain = queue_->pop();
    if (!chain) return std::unexpected{chain.error()};
    if (!*chain) return {};
    if (auto done = answer(**chain); !done) return done;
  }
}

auto VirtioRng::answer(const Chain& chain) -> DeviceResult<> {
  std::array<std::byte, kMostPerRequest> bytes{};
  const auto part = std::span{bytes}.first(std::min<std::uint64_t>(chain.writable.bytes(), bytes.size()));
  std::size_t written = 0;
  if (!part.empty() && source_.fill(part)) {
    const auto stored = chain.writable.write(queue_->memory(), 0, part);
    if (!stored) return std::unexpected{stored.error()};
    written = *stored;
  }
  return queue_->push(chain, static_cast<std::uint32_t>(written));
}

}  // namespace redoubt::vmm
