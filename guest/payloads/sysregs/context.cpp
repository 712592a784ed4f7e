// SPDX-License-Identifier: Apache-2.0
#include "arch/arm64/common/mmio.hpp"
#include "base/bits.hpp"
#include "guest/payloads/sysregs/sysregs.hpp"
#include "guest/sdk/gic.hpp"
#include "guest/sdk/machine.hpp"
#include "guest/sdk/timer.hpp"

namespace redoubt::guest {

namespace {

extern "C" void fp_fill(std::uint64_t seed) noexcept;
extern "C" auto fp_check(std::uint64_t seed) noexcept -> std::uint64_t;

constexpr std::size_t kUartFlags = 0x18;
constexpr unsigned kRounds = 20;

// Every kind of exit: a call, a device of the VMM, the interrupt controller, waiting.
void leave_many_times() noexcept {
  for (unsigned i = 0; i < kRounds; ++i) {
    static_cast<void>(call(arm64::Fid::PSCI_VERSION));
    static_cast<void>(arm64::mmio_read<std::uint32_t>(device_at(kUartBase) + kUartFlags));
    static_cast<void>(arm64::mmio_read<std::uint32_t>(gic::distributor()));
    timer::arm_at(timer::now() + timer::ticks_of_ms(2));
    while (!gic::is_pending(gic::kTimerPpi)) arm64::wfi();
    timer::stop();
  }
}

void check_fp(Report& report) noexcept {
  constexpr std::uint64_t kSeed = 0x0123'4567'89ab'0000;
  fp_fill(kSeed);
  leave_many_times();
  report.equal(fp_check(kSeed), 0, "v0-v31, FPCR and FPSR survive exits");
}

void check_thread_registers(Report& report) noexcept {
  RD_WRITE_SYSREG(TPIDR_EL0, 0x1111'2222'3333'4444);
  RD_WRITE_SYSREG(TPIDR_EL1, 0x5555'6666'7777'8888);
  RD_WRITE_SYSREG(CONTEXTIDR_EL1, 0x1234);
  RD_WRITE_SYSREG(AFSR0_EL1, 0);
  RD_WRITE_SYSREG(SP_EL0, 0x4321'0000);
  RD_WRITE_SYSREG(CNTKCTL_EL1, 0x2);
  leave_many_times();
  report.check(RD_READ_SYSREG(TPIDR_EL0) == 0x1111'2222'3333'4444 && RD_READ_SYSREG(TPIDR_EL1) == 0x5555'6666'7777'8888,
               "TPIDR_EL0 and TPIDR_EL1 survive exits");
  report.check(RD_READ_SYSREG(CONTEXTIDR_EL1) == 0x1234 && RD_READ_SYSREG(SP_EL0) == 0x4321'0000 &&
                   (RD_READ_SYSREG(CNTKCTL_EL1) & 3) == 2,
               "CONTEXTIDR_EL1, SP_EL0 and CNTKCTL_EL1 survive exits");
}

auto has_pauth() noexcept -> bool {
  const std::uint64_t isar1 = try_read<3, 0, 0, 6, 1>().value;
  const std::uint64_t isar2 = try_read<3, 0, 0, 6, 2>().value;
  return bits_of(isar1, 4, 8) != 0 || bits_of(isar2, 12, 4) != 0;
}

// APIAKeyLo_EL1 and the nine that follow: CRn 2, CRm 1-3.
#define RD_EACH_KEY(x)                                                                                              \
  x(S3_0_C2_C1_0, 1) x(S3_0_C2_C1_1, 2) x(S3_0_C2_C1_2, 3) x(S3_0_C2_C1_3, 4) x(S3_0_C2_C2_0, 5) x(S3_0_C2_C2_1, 6) \
      x(S3_0_C2_C2_2, 7) x(S3_0_C2_C2_3, 8) x(S3_0_C2_C3_0, 9) x(S3_0_C2_C3_1, 10)

constexpr std::uint64_t kKeyPattern = 0x0f1e'2d3c'4b5a'6900;

void check_pauth(Report& report) noexcept {
  if (!has_pauth()) {
    const Abort abort = expecting_abort([] { RD_WRITE_SYSREG(S3_0_C2_C1_0, 0); });
    report.equal(abort.count, 1, "without pointer authentication its keys are undefined");
    return;
  }
#define RD_WRITE_KEY(name, number) RD_WRITE_SYSREG(name, kKeyPattern + (number));
  RD_EACH_KEY(RD_WRITE_KEY)
#undef RD_WRITE_KEY
  leave_many_times();
  std::uint64_t wrong = 0;
#define RD_CHECK_KEY(name, number) wrong += RD_READ_SYSREG(name) != kKeyPattern + (number) ? 1 : 0;
  RD_EACH_KEY(RD_CHECK_KEY)
#undef RD_CHECK_KEY
  report.equal(wrong, 0, "the pointer authentication keys survive exits");
}

void check_wfi(Report& report) noexcept {
  const std::uint64_t start = timer::now();
  timer::arm_at(start + timer::ticks_of_ms(30));
  unsigned wakes = 0;
  while (timer::now() - start < timer::ticks_of_ms(30)) {
    arm64::wfi();
    ++wakes;
  }
  timer::stop();
  print("WFI: woke {} times in {} ns\n", wakes, timer::ns_of(timer::now() - start));
  report.check(timer::now() - start < timer::ticks_of_ms(3000), "WFI ends soon after the timer's deadline");
}

void check_clock(Report& report) noexcept {
  std::uint64_t before = timer::now();
  bool forward = true;
  for (unsigned i = 0; i < 1000; ++i) {
    const std::uint64_t after = timer::now();
    forward = forward && after >= before;
    before = after;
  }
  report.check(forward, "CNTVCT does not go back");
  print("CNTFRQ {} CNTVCT {}\n", timer::frequency(), before);
  report.check(timer::frequency() >= 1'000'000 && timer::frequency() <= 1'000'000'000, "CNTFRQ is plausible");
}

}  // namespace

void check_context(Report& report) noexcept {
  gic::init_distributor(nullptr);
  if (!report.check(gic::init_cpu(), "the boot CPU has a redistributor")) return;
  gic::enable(gic::kTimerPpi, gic::kPriorityNormal);
  check_fp(report);
  check_thread_registers(report);
  check_pauth(report);
  check_wfi(report);
  check_clock(report);
}

}  // namespace redoubt::guest
