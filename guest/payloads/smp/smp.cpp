// SPDX-License-Identifier: Apache-2.0
// PSCI as a guest uses it for its CPUs: on, off, on again, and every argument that must be refused (DEN0022 5).
#include <atomic>

#include "guest/sdk/cpu.hpp"
#include "guest/sdk/gic.hpp"
#include "guest/sdk/payload.hpp"
#include "guest/sdk/psci.hpp"
#include "guest/sdk/smp.hpp"
#include "guest/sdk/timer.hpp"

namespace redoubt::guest {

const std::string_view kPayloadName = "smp";

namespace {

using arm64::Fid;
using arm64::PsciStatus;
using psci::signed_result;

constexpr std::uint64_t kPatienceMs = 5000;
constexpr unsigned kIncrements = 10'000;
constexpr Mpidr kNowhere{0xff'00ff'ffff};

constinit std::atomic<unsigned> counter{0};
constinit std::atomic<unsigned> arrived{0};
constinit std::atomic<bool> go{false};
constinit std::atomic<bool> wrong_identity{false};

void count_up(unsigned index) noexcept {
  const std::uint64_t affinity = RD_READ_SYSREG(MPIDR_EL1) & 0xff'00ff'ffff;
  if (affinity != machine().cpus[index].value) wrong_identity = true;
  ++arrived;
  while (!go) arm64::yield();
  for (unsigned i = 0; i < kIncrements; ++i) counter.fetch_add(1, std::memory_order_relaxed);
}

void check_all_cpus(Report& report, std::string_view round) noexcept {
  const unsigned others = machine().cpu_count - 1;
  counter = 0;
  arrived = 0;
  go = false;
  bool started = true;
  for (unsigned i = 1; i <= others; ++i) started = start_cpu(i, count_up) == PsciStatus::SUCCESS && started;
  report.check(started, round);
  report.check(timer::wait_for(kPatienceMs, [=] { return arrived == others; }), "all CPUs arrive");
  const auto on = static_cast<std::int64_t>(arm64::PsciAffinity::ON);
  bool all_on = true;
  for (unsigned i = 0; i <= others; ++i) all_on = all_on && psci::affinity_info(machine().cpus[i], 0) == on;
  report.check(all_on, "AFFINITY_INFO says ON");
  if (others != 0) {
    report.check(start_cpu(1, count_up) == PsciStatus::ALREADY_ON, "CPU_ON of a running CPU is ALREADY_ON");
  }
  go = true;
  for (unsigned i = 0; i < kIncrements; ++i) counter.fetch_add(1, std::memory_order_relaxed);
  bool all_off = true;
  for (unsigned i = 1; i <= others; ++i) all_off = wait_until_off(i, kPatienceMs) && all_off;
  report.check(all_off, "all CPUs go off");
  report.equal(counter, kIncrements * (others + 1), "no atomic increment is lost");
}

void check_wrong_arguments(Report& report) noexcept {
  const Ipa entry = secondary_entry_address();
  report.check(psci::cpu_on(kNowhere, entry, 0) == PsciStatus::INVALID_PARAMETERS, "CPU_ON of no CPU");
  report.check(psci::cpu_on(machine().cpus[0], entry, 0) == PsciStatus::ALREADY_ON, "CPU_ON of itself");
  report.equal(static_cast<std::uint64_t>(psci::affinity_info(kNowhere, 0)),
               static_cast<std::uint64_t>(PsciStatus::INVALID_PARAMETERS), "AFFINITY_INFO of no CPU");
  report.check(psci::features(Fid::PSCI_CPU_ON64) == 0 && psci::features(Fid::PSCI_CPU_OFF) == 0 &&
                   psci::features(Fid::PSCI_SYSTEM_OFF) == 0 && psci::features(Fid::PSCI_SYSTEM_RESET) == 0 &&
                   psci::features(Fid::PSCI_AFFINITY_INFO64) == 0,
               "PSCI_FEATURES knows what is used here");
  report.check(psci::features(Fid::PSCI_NODE_HW_STATE64) < 0, "PSCI_FEATURES does not know NODE_HW_STATE");
  report.check(psci::features(Fid::TRNG_VERSION) < 0, "PSCI_FEATURES answers for PSCI and SMCCC_VERSION alone");
  report.check(signed_result(call(Fid::PSCI_NODE_HW_STATE64, 0, 0)) == -1, "an unimplemented call is NOT_SUPPORTED");
}

// A guest whose hypervisor checks: the host must not learn of a bad entry point by starting a CPU at it.
void check_entry_points(Report& report) noexcept {
  if (machine().cpu_count < 2) return report.skipped("entry points", "one CPU");
  if (!machine().is_protected()) return report.skipped("entry points", "plain firmware need not check them");
  const Mpidr target = machine().cpus[1];
  report.check(psci::cpu_on(target, kUartBase, 0) == PsciStatus::INVALID_ADDRESS, "an entry point in a device");
  report.check(psci::cpu_on(target, Ipa{std::uint64_t{1} << 52}, 0) == PsciStatus::INVALID_ADDRESS,
               "an entry point beyond the address space");
  if (machine().personality == Personality::Rsi) {
    report.check(psci::cpu_on(target, shared_alias(secondary_entry_address()), 0) == PsciStatus::INVALID_ADDRESS,
                 "an entry point in the shared half");
    report.check(psci::affinity_info(target, 1) == static_cast<std::int64_t>(PsciStatus::INVALID_PARAMETERS),
                 "AFFINITY_INFO of a level above 0");
  }
  report.check(psci::affinity_info(target, 0) == static_cast<std::int64_t>(arm64::PsciAffinity::OFF),
               "a refused CPU_ON leaves the CPU off");
}

// The timer is the only thing that can end the standby state, so its PPI has to reach the CPU interface.
void check_suspend(Report& report) noexcept {
  gic::init_distributor(nullptr);
  if (!report.check(gic::init_cpu(), "the boot CPU has a redistributor")) return;
  gic::enable(gic::kTimerPpi, gic::kPriorityNormal);
  timer::arm_at(timer::now() + timer::ticks_of_ms(20));
  const std::uint64_t start = timer::now();
  const std::int64_t status = signed_result(call(Fid::PSCI_CPU_SUSPEND64, 0, secondary_entry_address().value(), 0));
  const std::uint64_t elapsed = timer::now() - start;
  timer::stop();
  print("CPU_SUSPEND: status {}, {} ns\n", status, timer::ns_of(elapsed));
  report.check(status == 0, "a standby CPU_SUSPEND returns");
}

}  // namespace

void run_payload(Report& report) noexcept {
  check_all_cpus(report, "every CPU starts");
  check_all_cpus(report, "and starts again after CPU_OFF");
  report.check(!wrong_identity, "each CPU has the MPIDR it was started by");
  check_wrong_arguments(report);
  check_entry_points(report);
  check_suspend(report);
}

}  // namespace redoubt::guest
