// SPDX-License-Identifier: Apache-2.0
#include "vmm/attack/command.hpp"

#include <unistd.h>

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "vmm/attack/campaign.hpp"
#include "vmm/attack/host_memory.hpp"
#include "vmm/vm/failure.hpp"

namespace redoubt::vmm::attack {
namespace {

constexpr const char* kFooter = R"(
Needs root, Redoubt at EL2, and the modules redoubt.ko and redoubt_attack.ko. The latter gives this program what a
compromised kernel has: never load it on a machine in production. Example:
  insmod redoubt.ko; insmod redoubt_attack.ko; redoubt attack --payload guest-secret.bin

Attacks are first tried against an ordinary VM, where those that read must succeed ("control"); then against a protected
one that verifies its memory and registers all the time.

Exit code: 0 every attack was defended and the guest is unharmed; 1 not so, or the attacks cannot be made; 2 wrong usage.)";

void list() {
  for (const Attack& attack : all_attacks())
    fmt::print("{:<28} {}\n{:29}expected: {}\n", attack.name, attack.what, "", attack.expected);
}

}  // namespace

auto all_attacks() -> std::vector<Attack> {
  std::vector<Attack> all;
  for (const auto family :
       {mapping_attacks, process_attacks, api_attacks, kernel_attacks, platform_attacks, dma_attacks, firmware_attacks,
        page_attacks, vm_attacks, vcpu_attacks, interrupt_attacks, fuzz_attacks, scan_attacks}) {
    std::ranges::copy(family(), std::back_inserter(all));
  }
  return all;
}

namespace {

// For a secret that this program did not see planted, for example before the machine was reset.
[[nodiscard]] auto scan_for(const std::string& pattern) -> int {
  const Device device;
  const HostScan scan = scan_host_memory(device, SecretMatch(std::stoull(pattern, nullptr, 0)));
  fmt::print("{} words of the secret in {} pages ({} unreadable)\n", scan.hits, scan.pages, scan.unreadable);
  return scan.hits == 0 ? 0 : 1;
}

}  // namespace

auto run_command(int argc, const char* const* argv) -> int {
  CampaignConfig config;
  bool list_only = false;
  std::string pattern;
  CLI::App app(
      "Attacks a protected VM on this machine in every way a compromised host could, and tells what came of it.");
  app.name("redoubt attack");
  app.footer(kFooter);
  app.add_option("--payload", config.payload, "the victim: guest-secret.bin of the same build");
  app.add_option("--only", config.only, "run only these attacks; names separated by commas")->delimiter(',');
  app.add_option("--fuzz", config.fuzz_calls, "random hypercalls to make (default 20000)");
  app.add_option("--seed", config.seed, "of the random calls (default 1)");
  app.add_option("--scan-for", pattern,
                 "only search all memory of this host for the secret of that pattern id; 1 if found");
  app.add_flag("--json", config.json, "print JSON when done, not a table while it goes on");
  app.add_flag("--list", list_only, "name the attacks and stop");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::kUsage);
  }
  if (list_only) {
    list();
    return 0;
  }
  if (!pattern.empty()) return scan_for(pattern);
  if (config.payload.empty()) {
    fmt::print(stderr, "redoubt attack: --payload is needed; see --help\n");
    return static_cast<int>(ExitCode::kUsage);
  }
  return run_campaign(config) ? 0 : 1;
}

}  // namespace redoubt::vmm::attack
