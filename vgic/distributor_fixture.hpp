// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// For tests: a distributor of 256 interrupts, both groups on, for two vCPUs.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "vgic/distributor.hpp"

namespace redoubt::vgic {

inline constexpr Affinity kCpu0{0};
inline constexpr Affinity kCpu1{1};

class DistributorFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(dist_.init(256, kCpu0));
    write(arm64::GICD_CTLR, 3);
  }
  auto read(std::uint64_t offset, AccessSize size = AccessSize::Word) const -> std::uint64_t {
    return dist_.read(MmioOffset{offset}, size);
  }
  auto write(std::uint64_t offset, std::uint64_t value, AccessSize size = AccessSize::Word) -> bool {
    return dist_.write(MmioOffset{offset}, size, value).rescan;
  }
  auto set_bit(std::uint64_t array, std::uint32_t spi) -> bool {
    return write(array + 4 * (spi / 32), 1U << (spi % 32));
  }
  auto bit_set(std::uint64_t array, std::uint32_t spi) const -> bool {
    return ((read(array + 4 * (spi / 32)) >> (spi % 32)) & 1U) != 0;
  }
  void make_edge(std::uint32_t spi) {
    const std::uint64_t offset = arm64::GICD_ICFGR + 4 * (spi / 16);
    write(offset, read(offset) | (2U << (2 * (spi % 16))));
  }
  auto collect(Affinity self) -> std::vector<SpiRequest> {
    std::vector<SpiRequest> out(kMaxSpiRequests);
    out.resize(dist_.collect(self, out));
    return out;
  }
  void complete(Affinity self, std::uint32_t spi, std::uint32_t flags) {
    (void)dist_.complete(self, {.intid = Intid{spi}, .flags = flags | kSpiInFlight});
  }
  Distributor dist_;
};

}  // namespace redoubt::vgic
