// SPDX-License-Identifier: Apache-2.0
// The broadest attack: look for the guest's secret, from its memory or its registers, in all memory the host can read.
#include "vmm/attack/attack.hpp"
#include "vmm/attack/host_memory.hpp"

namespace redoubt::vmm::attack {
namespace {

auto scan_running(const Arena& arena) -> Outcome {
  const HostScan scan = scan_host_memory(arena.device, arena.target.secret);
  if (scan.hits != 0) return reached("{} words of it, first at {:#x}", scan.hits, scan.first->value());
  return blocked("not in {} pages ({} unreadable)", scan.pages, scan.unreadable);
}

constexpr Attack kAttacks[] = {
    {.name = "secret-scan-running",
     .what = "every page of host RAM is searched for the secret while the guest runs",
     .expected = "0 hits",
     .outside = scan_running,
     .control = true},
};

}  // namespace

auto scan_attacks() -> std::span<const Attack> { return kAttacks; }

}  // namespace redoubt::vmm::attack
