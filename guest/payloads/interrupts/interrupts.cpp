// SPDX-License-Identifier: Apache-2.0
// The GICv3 as a guest sees it: SGIs, the virtual timer, priorities, the redistributor's registers, SPIs.
// Boot argument spi=0 leaves out the SPI made pending by software.
#include <atomic>

#include "arch/arm64/common/mmio.hpp"
#include "arch/arm64_defs/gic.hpp"
#include "guest/sdk/cpu.hpp"
#include "guest/sdk/gic.hpp"
#include "guest/sdk/payload.hpp"
#include "guest/sdk/smp.hpp"
#include "guest/sdk/timer.hpp"

namespace redoubt::guest {

const std::string_view kPayloadName = "interrupts";

namespace {

using gic::Intid;

constexpr unsigned kTimerRounds = 100;
constexpr unsigned kPings = 50;
constexpr std::uint64_t kPatienceMs = 5000;
constexpr Intid kSelfSgi{1};
constexpr Intid kPing{4};
constexpr Intid kPong{5};
constexpr Intid kStop{6};
constexpr Intid kSpi{62};

constinit std::atomic<unsigned> received[64]{};
constinit std::atomic<unsigned> unexpected{0};
constinit std::atomic<std::uint32_t> last_intid{0};
constinit std::atomic<bool> peer_ready{false};
constinit std::atomic<bool> peer_stop{false};
constinit std::atomic<bool> early_timer{false};

void on_timer() noexcept {
  const std::uint64_t deadline = RD_READ_SYSREG(CNTV_CVAL_EL0);
  if (timer::now() < deadline) early_timer = true;
  if (received[gic::kTimerPpi.value] + 1 >= kTimerRounds) return timer::stop();
  timer::arm_at(timer::now() + timer::frequency() / 2000);
}

void on_interrupt(Intid intid) noexcept {
  if (intid.value >= 64) {
    ++unexpected;
    return;
  }
  if (intid == gic::kTimerPpi) on_timer();
  if (intid == kPing) gic::send_sgi(machine().cpus[0], kPong);
  if (intid == kStop) peer_stop = true;
  last_intid = intid.value;
  ++received[intid.value];
}

auto count(Intid intid) noexcept -> unsigned { return received[intid.value]; }

auto wait_count(Intid intid, unsigned wanted) noexcept -> bool {
  return timer::wait_for(kPatienceMs, [=] { return count(intid) >= wanted; });
}

void check_self_sgi(Report& report) noexcept {
  gic::enable(kSelfSgi, gic::kPriorityNormal);
  arm64::unmask_irqs();
  for (unsigned i = 0; i < 10; ++i) {
    gic::send_sgi(machine().cpus[0], kSelfSgi);
    if (!wait_count(kSelfSgi, i + 1)) break;
  }
  timer::delay_ms(2);
  arm64::mask_irqs();
  report.equal(count(kSelfSgi), 10, "each SGI to itself arrives once");
  report.check(!gic::is_active(kSelfSgi) && !gic::is_pending(kSelfSgi), "an SGI is inactive after its completion");
}

void check_pending_while_disabled(Report& report) noexcept {
  const unsigned before = count(kSelfSgi);
  gic::disable(kSelfSgi);
  report.check(!gic::is_enabled(kSelfSgi), "ICENABLER reads back");
  gic::send_sgi(machine().cpus[0], kSelfSgi);
  arm64::unmask_irqs();
  timer::delay_ms(2);
  arm64::mask_irqs();
  report.equal(count(kSelfSgi), before, "a disabled SGI is not delivered");
  report.check(gic::is_pending(kSelfSgi), "but is pending");
  gic::clear_pending(kSelfSgi);
  report.check(!gic::is_pending(kSelfSgi), "ICPENDR withdraws it");
  gic::set_pending(kSelfSgi);
  gic::enable(kSelfSgi, gic::kPriorityNormal);
  report.check(gic::is_enabled(kSelfSgi), "ISENABLER reads back");
  arm64::unmask_irqs();
  report.check(wait_count(kSelfSgi, before + 1), "ISPENDR and ISENABLER deliver it");
  arm64::mask_irqs();
}

void check_priorities(Report& report) noexcept {
  constexpr Intid kHigh{2};
  gic::enable(kHigh, gic::kPriorityHigh);
  report.equal(gic::priority(kHigh), gic::kPriorityHigh, "a priority reads back");
  const unsigned low_before = count(kSelfSgi);
  const unsigned high_before = count(kHigh);
  gic::set_priority_mask(0x80);
  gic::send_sgi(machine().cpus[0], kSelfSgi);
  gic::send_sgi(machine().cpus[0], kHigh);
  arm64::unmask_irqs();
  report.check(wait_count(kHigh, high_before + 1), "the mask lets the urgent SGI through");
  timer::delay_ms(2);
  report.equal(count(kSelfSgi), low_before, "and holds the other");
  arm64::mask_irqs();
  gic::set_priority_mask(gic::kMaskNothing);
  gic::send_sgi(machine().cpus[0], kHigh);
  arm64::unmask_irqs();
  report.check(wait_count(kSelfSgi, low_before + 1) && wait_count(kHigh, high_before + 2), "lifting it delivers both");
  arm64::mask_irqs();
  report.equal(last_intid, kSelfSgi.value, "the urgent one first");
}

void check_timer(Report& report) noexcept {
  gic::enable(gic::kTimerPpi, gic::kPriorityNormal);
  const std::uint64_t start = timer::now();
  timer::arm_at(start + timer::frequency() / 2000);
  arm64::unmask_irqs();
  const bool all = wait_count(gic::kTimerPpi, kTimerRounds);
  const std::uint64_t elapsed = timer::ns_of(timer::now() - start);
  timer::delay_ms(5);
  arm64::mask_irqs();
  timer::stop();
  print("timer: {} interrupts in {} ns\n", count(gic::kTimerPpi), elapsed);
  report.check(all, "100 timer interrupts, re-armed in the handler");
  report.equal(count(gic::kTimerPpi), kTimerRounds, "none after the timer was stopped");
  report.check(!early_timer, "none before its deadline");
  report.check(elapsed >= std::uint64_t{kTimerRounds - 1} * 500'000, "they keep their distance");
}

void check_timer_wakes_wfi(Report& report) noexcept {
  received[gic::kTimerPpi.value] = kTimerRounds - 2;
  const std::uint64_t start = timer::now();
  timer::arm_at(start + timer::ticks_of_ms(20));
  while (!gic::is_pending(gic::kTimerPpi) && timer::now() - start < timer::ticks_of_ms(kPatienceMs)) arm64::wfi();
  report.check(timer::now() - start >= timer::ticks_of_ms(20), "WFI with interrupts masked ends at the deadline");
  report.check(gic::is_pending(gic::kTimerPpi), "with the timer PPI pending");
  RD_WRITE_SYSREG(CNTV_CTL_EL0, timer::cntv_ctl::ENABLE::make(1) | timer::cntv_ctl::IMASK::make(1));
  arm64::isb();
  report.check(timer::wait_for(kPatienceMs, [] { return !gic::is_pending(gic::kTimerPpi); }),
               "IMASK takes the level away");
  timer::stop();
  gic::disable(gic::kTimerPpi);
}

void peer(unsigned) noexcept {
  if (!gic::init_cpu()) return;
  gic::enable(kPing, gic::kPriorityNormal);
  gic::enable(kStop, gic::kPriorityNormal);
  peer_ready = true;
  arm64::unmask_irqs();
  while (!peer_stop) arm64::wfi();
  arm64::mask_irqs();
}

void check_peer(Report& report) noexcept {
  if (machine().cpu_count < 2) return report.skipped("SGIs between CPUs", "one CPU");
  gic::enable(kPong, gic::kPriorityNormal);
  arm64::unmask_irqs();
  report.check(start_cpu(1, peer) == arm64::PsciStatus::SUCCESS, "CPU 1 starts");
  if (!report.check(timer::wait_for(kPatienceMs, [] { return peer_ready.load(); }), "CPU 1 has a redistributor"))
    return;
  const std::uint64_t start = timer::now();
  for (unsigned i = 0; i < kPings; ++i) {
    gic::send_sgi(machine().cpus[1], kPing);
    if (!wait_count(kPong, i + 1)) break;
  }
  print("SGI round trip: {} ns\n", timer::ns_of(timer::now() - start) / kPings);
  report.equal(count(kPing), kPings, "every SGI reaches the other CPU once");
  report.equal(count(kPong), kPings, "and every answer comes back");
  gic::send_sgi_to_others(kStop);
  report.check(wait_until_off(1, kPatienceMs), "an SGI to all others stops CPU 1");
  report.equal(count(kStop), 1, "once");
  arm64::mask_irqs();
}

void check_spi(Report& report) noexcept {
  if (argument("spi", 1) == 0) return report.skipped("SPI", "spi=0");
  gic::set_edge(kSpi, true);
  gic::route(kSpi, machine().cpus[0]);
  gic::set_pending(kSpi);
  arm64::unmask_irqs();
  timer::delay_ms(2);
  report.equal(count(kSpi), 0, "an SPI that is not enabled is not delivered");
  gic::enable(kSpi, gic::kPriorityNormal);
  report.check(wait_count(kSpi, 1), "an SPI made pending is delivered once enabled");
  gic::set_pending(kSpi);
  report.check(wait_count(kSpi, 2), "and again");
  timer::delay_ms(2);
  arm64::mask_irqs();
  gic::disable(kSpi);
  report.equal(count(kSpi), 2, "once each");
}

// Without LPIs the bit that would make a redistributor read memory must be dead (IHI 0069H 12.11.2).
void check_no_lpis(Report& report) noexcept {
  volatile std::byte* redist = gic::redistributor();
  const auto type = arm64::mmio_read<std::uint64_t>(redist + arm64::GICR_TYPER);
  const bool has_lpis = arm64::GicrTyper::PLPIS::of(type) != 0;
  if (has_lpis && !machine().is_protected()) return report.skipped("LPI registers", "this GIC has LPIs");
  report.check(!has_lpis, "the redistributor has no LPIs");
  arm64::mmio_write<std::uint32_t>(redist + arm64::GICR_CTLR, 1);
  report.check((arm64::mmio_read<std::uint32_t>(redist + arm64::GICR_CTLR) & 1) == 0, "EnableLPIs stays 0");
}

}  // namespace

void run_payload(Report& report) noexcept {
  gic::init_distributor(on_interrupt);
  if (!report.check(gic::init_cpu(), "the boot CPU has a redistributor")) return;
  const auto id = arm64::mmio_read<std::uint32_t>(gic::distributor() + arm64::GIC_PIDR2);
  report.equal((id >> 4) & 0xf, 3, "PIDR2 says GICv3");
  report.equal(RD_READ_SYSREG(ICC_IAR1_EL1) & 0xff'ffff, gic::kSpurious.value, "nothing pending reads as spurious");
  check_self_sgi(report);
  check_pending_while_disabled(report);
  check_priorities(report);
  check_timer(report);
  check_timer_wakes_wfi(report);
  check_peer(report);
  check_spi(report);
  check_no_lpis(report);
  report.equal(unexpected, 0, "no interrupt that nobody asked for");
}

}  // namespace redoubt::guest
