// SPDX-License-Identifier: Apache-2.0
// The order of battle: controls against an ordinary VM, attacks on a protected one, and what must hold at the end.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vmm/attack/attack.hpp"

namespace redoubt::vmm::attack {

struct CampaignConfig {
  std::string payload;
  std::vector<std::string> only;  // names; empty: all
  unsigned fuzz_calls = 20'000;
  std::uint64_t seed = 1;
  bool json = false;
};

// Whether everything was defended. Throws Failure when the attacks cannot be made.
[[nodiscard]] auto run_campaign(const CampaignConfig& config) -> bool;

}  // namespace redoubt::vmm::attack
