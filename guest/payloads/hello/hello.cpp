// SPDX-License-Identifier: Apache-2.0
// The smallest sign of life: console, both version calls, and the calling convention's promises about registers.
// Boot argument unclaimed=0x...: also accesses that device address, which nobody answers, in all four sizes.
#include "arch/arm64/common/mmio.hpp"
#include "arch/arm64_defs/esr.hpp"
#include "guest/sdk/exceptions.hpp"
#include "guest/sdk/machine.hpp"
#include "guest/sdk/payload.hpp"
#include "guest/sdk/psci.hpp"

namespace redoubt::guest {

const std::string_view kPayloadName = "hello";

namespace {

// SMCCC 1.1 and later: a call that returns n results leaves x(n)..x17 as they were; Linux compiles its callers so.
void check_registers_survive(Report& report) noexcept {
  arm64::SmcccRegs regs{{static_cast<std::uint64_t>(arm64::Fid::SMCCC_VERSION)}};
  for (unsigned i = 1; i < 18; ++i) regs.x[i] = 0x5a5a'0000'0000'0000 + i;
  arm64::smccc_call(machine().conduit, regs);
  bool kept = true;
  for (unsigned i = 4; i < 18; ++i) kept = kept && regs.x[i] == 0x5a5a'0000'0000'0000 + i;
  report.check(kept, "SMCCC_VERSION leaves x4-x17 alone");
}

// PSCI_FEATURES says whether the call exists; QEMU's own firmware has none, a hypervisor's must.
void check_smccc_version(Report& report) noexcept {
  if (psci::features(arm64::Fid::SMCCC_VERSION) != 0 && !machine().is_protected()) {
    return report.skipped("SMCCC_VERSION", "PSCI_FEATURES does not know it");
  }
  const auto version = static_cast<std::int32_t>(call(arm64::Fid::SMCCC_VERSION).x[0]);
  print("SMCCC_VERSION {x}\n", static_cast<std::uint32_t>(version));
  report.check(version >= static_cast<std::int32_t>(arm64::kSmccc1_1), "SMCCC_VERSION is at least 1.1");
}

template <std::unsigned_integral T>
void check_unclaimed(Report& report, volatile std::byte* at, std::string_view what) noexcept {
  std::uint64_t value = 0;
  const Abort abort = expecting_abort([&] {
    arm64::mmio_write<T>(at, 0);
    value = arm64::mmio_read<T>(at);
  });
  print("unclaimed {} bytes: value {x}, {} aborts, ESR {x}\n", sizeof(T), value, abort.count, abort.ESR);
  const bool external = arm64::fsc::kind(abort.ESR) == arm64::fsc::kSynchronousExternal;
  report.check(abort.count == 0 || (abort.count == 2 && external), what);
}

}  // namespace

void run_payload(Report& report) noexcept {
  print("hello from EL1\n");
  const std::uint32_t psci = psci::version();
  print("PSCI_VERSION {x}\n", psci);
  report.check(psci >= arm64::kPsci1_0 && psci < 0x2'0000, "PSCI_VERSION is 1.x");
  check_smccc_version(report);
  check_registers_survive(report);
  const auto unknown = static_cast<arm64::Fid>(0xc400'ff77);
  report.check(static_cast<std::int32_t>(call(unknown).x[0]) == -1, "an unknown function answers NOT_SUPPORTED");

  const std::uint64_t address = argument("unclaimed", 0);
  if (address == 0) return;
  volatile std::byte* at = device_at(Ipa{address});
  check_unclaimed<std::uint8_t>(report, at, "1-byte access to an unclaimed address");
  check_unclaimed<std::uint16_t>(report, at, "2-byte access to an unclaimed address");
  check_unclaimed<std::uint32_t>(report, at, "4-byte access to an unclaimed address");
  check_unclaimed<std::uint64_t>(report, at, "8-byte access to an unclaimed address");
}

}  // namespace redoubt::guest
