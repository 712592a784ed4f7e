// SPDX-License-Identifier: Apache-2.0
#include "vmm/vm/mmio_bus.hpp"

#include <algorithm>

#include "vmm/vm/failure.hpp"

namespace redoubt::vmm {

void MmioBus::add(Ipa base, std::uint64_t size, MmioDevice& device) {
  const auto next = std::ranges::upper_bound(windows_, base.value(), {}, &Window::base);
  const bool hits_next = next != windows_.end() && next->base - base.value() < size;
  const bool hits_previous = next != windows_.begin() && base.value() - std::prev(next)->base < std::prev(next)->size;
  if (size == 0 || hits_next || hits_previous) fail("two devices claim guest address {:#x}", base.value());
  windows_.insert(next, Window{base.value(), size, &device});
}

auto MmioBus::find(std::uint64_t address, std::size_t length) const -> const Window* {
  const auto next = std::ranges::upper_bound(windows_, address, {}, &Window::base);
  if (next == windows_.begin()) return nullptr;
  const Window& window = *std::prev(next);
  const std::uint64_t offset = address - window.base;
  return offset < window.size && length <= window.size - offset ? &window : nullptr;
}

void MmioBus::read(Ipa address, std::span<std::byte> to) const {
  std::ranges::fill(to, std::byte{0});
  if (const Window* window = find(address.value(), to.size())) window->device->read(address.value() - window->base, to);
}

void MmioBus::write(Ipa address, std::span<const std::byte> from) const {
  if (const Window* window = find(address.value(), from.size())) {
    window->device->write(address.value() - window->base, from);
  }
}

}  // namespace redoubt::vmm
