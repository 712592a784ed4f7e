// SPDX-License-Identifier: Apache-2.0
#include "guest/sdk/payload.hpp"

#include "guest/sdk/cpu.hpp"
#include "guest/sdk/machine.hpp"
#include "guest/sdk/psci.hpp"

namespace redoubt::guest {

namespace {

auto name_of(Personality personality) noexcept -> std::string_view {
  switch (personality) {
    case Personality::Rsi: return "rsi";
    case Personality::Pkvm: return "pkvm";
    case Personality::Plain: break;
  }
  return "plain";
}

}  // namespace

auto Report::check(bool passed, std::string_view what) noexcept -> bool {
  print(passed ? "ok {}\n" : "FAIL {}\n", what);
  ++(passed ? passed_ : failed_);
  return passed;
}

auto Report::equal(std::uint64_t got, std::uint64_t wanted, std::string_view what) noexcept -> bool {
  if (got == wanted) return check(true, what);
  print("FAIL {}: got {x}, wanted {x}\n", what, got, wanted);
  ++failed_;
  return false;
}

void Report::skipped(std::string_view what, std::string_view why) noexcept { print("skip {}: {}\n", what, why); }

extern "C" void boot_cpu_main(const void* device_tree) noexcept {
  install_cpu(0);
  discover_machine(device_tree);
  install_cpu(0);
  const Machine& here = machine();
  print("guest {}: conduit {} personality {} ipa_bits {} cpus {} ram {x}+{x} el {}\n", kPayloadName,
        here.conduit == arm64::Conduit::Smc ? "smc" : "hvc", name_of(here.personality), here.ipa_bits, here.cpu_count,
        here.ram_base.value(), here.ram_bytes, (RD_READ_SYSREG(CurrentEL) >> 2) & 3);
  Report report;
  run_payload(report);
  print("payload {}: {} passed, {} failed\n", kPayloadName, report.passed(), report.failed());
  psci::system_off();
}

}  // namespace redoubt::guest
