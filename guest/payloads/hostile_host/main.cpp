// SPDX-License-Identifier: Apache-2.0
// Started by Redoubt in the place of the host's kernel. Boot arguments: seed, calls (for each CPU), ram (MiB of the
// machine), fault (RD_FAULT_*: to be planted first; the image for debugging has to find it).
#include "abi/error.h"
#include "guest/payloads/hostile_host/hostile.hpp"
#include "guest/sdk/machine.hpp"

namespace redoubt::guest {

const std::string_view kPayloadName = "hostile-host";

std::atomic<std::uint64_t> broken_registers{0};

auto hypercall(std::uint64_t number, std::uint64_t x1, std::uint64_t x2, std::uint64_t x3, std::uint64_t x4,
               std::uint64_t x5) noexcept -> Answer {
  arm64::SmcccRegs regs{{RD_HYPERCALL_BASE | number, x1, x2, x3, x4, x5}};
  for (unsigned i = 6; i < 18; ++i) regs.x[i] = 0x1111'1111'1111'1111U * (i % 10) + number;
  const arm64::SmcccRegs before = regs;
  arm64::detail::hvc_regs(regs);
  bool same = true;
  for (unsigned i = 4; i < 18; ++i) same = same && regs.x[i] == before.x[i];
  if (!same) ++broken_registers;
  return {static_cast<std::int64_t>(regs.x[0]), regs.x[1]};
}

void run_payload(Report& report) noexcept {
  arm64::SmcccRegs version{{RD_HYPERCALL_BASE | RD_CALL_VERSION}};
  arm64::detail::hvc_regs(version);
  if (!report.check(version.x[0] == 0 && version.x[1] == RD_ABI_VERSION, "Redoubt answers")) return;
  const bool judged = (version.x[2] & RD_FEATURE_DEBUG_IMAGE) != 0;
  const std::uint64_t seed = argument("seed", 1);
  const std::uint64_t calls = argument("calls", 1000);
  const std::uint64_t pool = info(RD_INFO_POOL_FREE);
  print("seed {} calls {} on each of {} CPUs, {}\n", seed, calls, machine().cpu_count,
        judged ? "judged" : "not judged");
  find_arena(report);
  if (const std::uint64_t fault = argument("fault", 0); fault != 0) {
    static_cast<void>(hypercall(RD_CALL_VM_TOPUP, 0, 0));  // the oracle takes the state before its first call as given
    report.check(hypercall(RD_CALL_INFO, RD_INFO_PLANT_FAULT + fault).status == 0, "a fault is planted");
  }
  storm(report, seed, calls);
  try_every_frame(report, "after the storm");
  clear_up(report);
  report.equal(info(RD_INFO_POOL_FREE), pool, "EL2's own tables are all back");
  try_every_frame(report, "after all is given back");
  try_firmware(report, seed);
  try_registers(report);
  report.equal(broken_registers, 0, "no call changed x4-x17");
  if (!judged) return;
  const std::uint64_t done = info(RD_INFO_JUDGED_CALLS);
  print("{} calls judged\n", done);
  report.check(done != 0, "the oracle judged calls, and found nothing");
}

}  // namespace redoubt::guest
