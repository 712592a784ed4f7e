// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "kvm/irq_routing.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace redoubt::kvm {
namespace {

auto route(std::uint32_t gsi, std::uint32_t pin) {
  return RouteRequest{.gsi = gsi, .type = kRoutingIrqchip, .flags = 0, .chip = 0, .pin = pin};
}

TEST(IrqRouting, DefaultIsOneToOne) {
  const IrqRouting routing;
  EXPECT_EQ(routing.spi_of(0), vgic::Intid{32});
  EXPECT_EQ(routing.spi_of(987), vgic::Intid{1019});
  EXPECT_EQ(routing.spi_of(988), std::nullopt);
  EXPECT_EQ(routing.spi_of(0xffff'ffff), std::nullopt);
}

TEST(IrqRouting, ReplacesEverything) {
  IrqRouting routing;
  const std::vector<RouteRequest> table{route(5, 1), route(1000, 2)};
  ASSERT_TRUE(routing.replace(table));
  EXPECT_EQ(routing.spi_of(5), vgic::Intid{33});
  EXPECT_EQ(routing.spi_of(1000), vgic::Intid{34});
  EXPECT_EQ(routing.spi_of(0), std::nullopt);
  ASSERT_TRUE(routing.replace({}));
  EXPECT_EQ(routing.spi_of(5), std::nullopt);
}

TEST(IrqRouting, AFailedReplacementChangesNothing) {
  IrqRouting routing;
  RouteRequest msi = route(1, 1);
  msi.type = 2;
  RouteRequest chip = route(1, 1);
  chip.chip = 1;
  RouteRequest flags = route(1, 1);
  flags.flags = 1;
  for (const RouteRequest& bad : {msi, chip, flags, route(kMaxRoutes, 1), route(1, 988), route(0, 3)}) {
    const std::vector<RouteRequest> table{route(0, 7), bad};
    EXPECT_EQ(routing.replace(table).error(), Errno::kInval);
    EXPECT_EQ(routing.spi_of(0), vgic::Intid{32});
  }
}

}  // namespace
}  // namespace redoubt::kvm
