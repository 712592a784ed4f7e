// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// For tests: one vCPU's interrupt state with all private interrupts enabled, and its list registers.
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "vgic/list_registers.hpp"

namespace redoubt::vgic {

inline constexpr GicCpuConfig kFourLrs{.nr_lrs = 4, .priority_mask = 0xf8, .timer_pintid = 27};

class LrFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    irqs_.set_groups(GroupEnables::of_ctlr(3));
    irqs_.enable(0xffff'ffff);
  }
  void load(std::vector<SpiRequest> requests, const SpiEnableMirror* mirror = nullptr) {
    spis_.load(requests, 256, mirror);
  }
  void compose_now(const GicCpuConfig& config = kFourLrs) { compose(irqs_, spis_, config, file_); }
  auto fold_now(unsigned eoi_count = 0) -> bool { return fold(irqs_, spis_, file_, eoi_count).level_spi_ended; }
  auto intids() const -> std::multiset<std::uint64_t> {
    std::multiset<std::uint64_t> out;
    for (unsigned n = 0; n < file_.used; ++n) out.insert(arm64::IchLr::VINTID::of(file_.lr[n]));
    return out;
  }
  void priority(std::uint32_t irq, std::uint32_t value) {
    const std::uint32_t shift = 8 * (irq % 4);
    irqs_.set_priority_word(irq / 4, (irqs_.priority_word(irq / 4) & ~(0xffU << shift)) | (value << shift));
  }
  static auto spi(std::uint32_t intid, std::uint32_t flags, std::uint8_t priority = 0x80) -> SpiRequest {
    return {.intid = Intid{intid}, .flags = flags | kSpiGroup1, .priority = priority};
  }
  PrivateIrqs irqs_;
  SpiSet spis_;
  LrFile file_;
};

}  // namespace redoubt::vgic
