// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// The interrupt path through the C face: lines and irqfds in, list-register requests out, and back.
#include <cstdlib>

#include "kvm/testing/vm_fixture.hpp"

void* rd_alloc(unsigned long bytes) { return std::calloc(1, bytes); }
void rd_free(void* memory) { std::free(memory); }

namespace redoubt::kvm {
namespace {

constexpr std::uint64_t kCtlr = 0x0;
constexpr std::uint64_t kIgroupr1 = 0x84;
constexpr std::uint64_t kIsenabler1 = 0x104;
constexpr std::uint64_t kIrouter33 = 0x6108;
constexpr std::uint32_t kBoth = 3;

class Irqs : public VmTest {
 protected:
  Irqs() {
    add_gic();
    write(kCtlr, 4, 0x2);
    write(kIgroupr1, 4, 0xffff'ffff);
    write(kIsenabler1, 4, 0xffff'ffff);
  }

  auto write(std::uint64_t offset, std::uint32_t bytes, std::uint64_t value) -> rd_u32 {
    rk_action action{};
    action.verdict = RK_DISTRIBUTOR;
    action.ipa = offset;
    action.bytes = bytes;
    action.write = 1;
    action.value = value;
    return rk_dist_write(vm_.get(), &action, kBoth);
  }

  auto line(rd_u32 intid, rd_u32 level) -> rd_u32 {
    rd_u32 kick = 0;
    EXPECT_EQ(rk_irq_set_line(vm_.get(), intid, level, &kick), 0);
    return kick;
  }

  // One run of vCPU `id` in which EL2 reports `status` for its first SPI.
  auto run(rd_u32 id, rd_u32 status, rd_u32 ran = 1) -> rk_irq_left {
    run_ = rd_run{};
    rk_irq_enter(vm_.get(), id, &run_.request);
    run_.exit.spi_status[0] = status;
    rk_irq_left left{};
    rk_irq_leave(vm_.get(), id, kBoth, &run_, ran, &left);
    return left;
  }

  rd_run run_{};
};

TEST_F(Irqs, ALineReachesTheVcpuItIsRoutedTo) {
  EXPECT_EQ(line(33, 1), 1U);
  EXPECT_EQ(rk_irq_pending(vm_.get(), 0), 1);
  EXPECT_EQ(rk_irq_pending(vm_.get(), 1), 0);
  run(0, RD_SPI_IN_FLIGHT | RD_SPI_PENDING);
  ASSERT_EQ(run_.request.nr_spis, 1U);
  EXPECT_EQ(run_.request.spi[0].intid, 33U);
  EXPECT_EQ(run_.request.spi[0].flags, RD_SPI_PENDING | RD_SPI_LEVEL | RD_SPI_GROUP1);
}

TEST_F(Irqs, EndedLevelInterruptIsReportedAndComesAgainWhileHigh) {
  line(33, 1);
  const rk_irq_left left = run(0, RD_SPI_IN_FLIGHT);
  ASSERT_EQ(left.nr_ended, 1U);
  EXPECT_EQ(left.ended[0], 33U);
  EXPECT_EQ(rk_irq_pending(vm_.get(), 0), 1);
  line(33, 0);
  EXPECT_EQ(rk_irq_pending(vm_.get(), 0), 0);
}

TEST_F(Irqs, EndIsReportedWhenItWasHandedOutActiveAndPending) {
  line(33, 1);
  EXPECT_EQ(run(0, RD_SPI_IN_FLIGHT | RD_SPI_ACTIVE).nr_ended, 0U);  // taken, not ended
  const rk_irq_left left = run(0, RD_SPI_IN_FLIGHT | RD_SPI_PENDING);
  EXPECT_EQ(run_.request.spi[0].flags, RD_SPI_PENDING | RD_SPI_ACTIVE | RD_SPI_LEVEL | RD_SPI_GROUP1);
  ASSERT_EQ(left.nr_ended, 1U);
  EXPECT_EQ(left.ended[0], 33U);
  EXPECT_EQ(run(0, RD_SPI_IN_FLIGHT | RD_SPI_PENDING).nr_ended, 0U);  // offered again, not taken yet
}

TEST_F(Irqs, AFailedRunLosesNothing) {
  line(33, 1);
  const rk_irq_left left = run(0, RD_SPI_IN_FLIGHT, 0);
  EXPECT_EQ(left.nr_ended, 0U);
  EXPECT_EQ(rk_irq_pending(vm_.get(), 0), 1);
}

TEST_F(Irqs, RouteChangedWhileInFlightKicksTheNewTarget) {
  line(33, 1);
  run_ = rd_run{};
  rk_irq_enter(vm_.get(), 0, &run_.request);
  ASSERT_EQ(run_.request.nr_spis, 1U);
  write(kIrouter33, 8, 1);
  run_.exit.spi_status[0] = RD_SPI_IN_FLIGHT | RD_SPI_PENDING;
  rk_irq_left left{};
  rk_irq_leave(vm_.get(), 0, kBoth, &run_, 1, &left);
  EXPECT_EQ(left.kick, 2U);
  EXPECT_EQ(rk_irq_pending(vm_.get(), 1), 1);
}

TEST_F(Irqs, GsiPulseIsOneEdge) {
  rd_u32 kick = 0;
  ASSERT_EQ(rk_irq_pulse_gsi(vm_.get(), 2, &kick), 0);
  EXPECT_EQ(kick, 1U);
  run(0, RD_SPI_IN_FLIGHT);
  EXPECT_EQ(run_.request.spi[0].intid, 34U);
  EXPECT_EQ(rk_irq_pending(vm_.get(), 0), 0);
}

TEST_F(Irqs, OutOfRange) {
  rd_u32 kick = 0;
  EXPECT_EQ(rk_irq_set_line(vm_.get(), 31, 1, &kick), -22);
  EXPECT_EQ(rk_irq_set_line(vm_.get(), 96, 1, &kick), -22);
  EXPECT_EQ(rk_irq_set_line(vm_.get(), 95, 1, &kick), 0);
  EXPECT_EQ(rk_irq_pulse_gsi(vm_.get(), 64, &kick), -22);
}

TEST_F(Irqs, DistributorReadsBackWithTheRightWidth) {
  rk_action action{};
  action.ipa = kIsenabler1;
  action.bytes = 4;
  EXPECT_EQ(rk_dist_read(vm_.get(), &action), 0xffff'ffffU);
  action.bytes = 3;
  EXPECT_EQ(rk_dist_read(vm_.get(), &action), 0U);
}

TEST(NoGic, NothingToDeliverAndLinesAreRefused) {
  rk_vm* vm = rk_vm_new(40, 0);
  ASSERT_NE(vm, nullptr);
  rd_u32 kick = 7;
  EXPECT_EQ(rk_irq_set_line(vm, 40, 1, &kick), -6);
  EXPECT_EQ(kick, 0U);
  rd_run run{};
  run.request.nr_spis = 9;
  rk_irq_enter(vm, 0, &run.request);
  EXPECT_EQ(run.request.nr_spis, 0U);
  EXPECT_EQ(rk_irq_pending(vm, 0), 0);
  rk_vm_delete(vm);
}

}  // namespace
}  // namespace redoubt::kvm
