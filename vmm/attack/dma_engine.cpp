// SPDX-License-Identifier: Apache-2.0
#include "vmm/attack/dma_engine.hpp"

#include <chrono>
#include <thread>

#include "vmm/vm/failure.hpp"

namespace redoubt::vmm::attack {
namespace {

using namespace std::chrono_literals;

constexpr Pa kConfiguration{0x40'1000'0000};  // of QEMU's virt board: 4 KiB for each function
constexpr unsigned kFunctions = 256;
constexpr std::uint64_t kEdu = 0x11e8'1234;
constexpr std::uint64_t kCommandRegister = 0x04, kBar0 = 0x10;
constexpr std::uint64_t kMemoryAndMaster = 6;

constexpr std::uint64_t kSource = 0x80, kTarget = 0x88, kCount = 0x90, kCommand = 0x98;
constexpr std::uint64_t kBuffer = 0x40000, kStart = 1, kToMemory = 2;

}  // namespace

auto DmaEngine::pci_is_here(const Device& device) -> bool {
  return device.load(kConfiguration, 4, Mapping::kDevice).has_value();
}

auto DmaEngine::find(const Device& device) -> std::optional<DmaEngine> {
  for (unsigned n = 0; n < kFunctions && pci_is_here(device); ++n) {
    const Pa function = kConfiguration + n * kPageSize;
    if (device.load(function, 4, Mapping::kDevice) != kEdu) continue;
    const auto bar = device.load(function + kBar0, 4, Mapping::kDevice).value_or(0) & ~std::uint64_t{0xf};
    if (bar == 0 || !device.store(function + kCommandRegister, 2, kMemoryAndMaster, Mapping::kDevice)) continue;
    return DmaEngine(device, Pa{bar});
  }
  return std::nullopt;
}

void DmaEngine::read(Pfn from) const { run(pa_of(from).value(), kBuffer, kStart); }

void DmaEngine::write(Pfn to) const { run(kBuffer, pa_of(to).value(), kStart | kToMemory); }

void DmaEngine::run(std::uint64_t source, std::uint64_t target, std::uint64_t command) const {
  const auto put = [this](std::uint64_t at, std::uint64_t value) {
    if (!device_->store(registers_ + at, 8, value, Mapping::kDevice)) fail("the DMA engine's registers are gone");
  };
  put(kSource, source);
  put(kTarget, target);
  put(kCount, kPageSize);
  put(kCommand, command);
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while ((device_->load(registers_ + kCommand, 8, Mapping::kDevice).value_or(0) & kStart) != 0) {
    if (std::chrono::steady_clock::now() > deadline) fail("the DMA engine does not finish");
    std::this_thread::sleep_for(5ms);
  }
}

}  // namespace redoubt::vmm::attack
