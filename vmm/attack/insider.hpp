// SPDX-License-Identifier: Apache-2.0
// What runs in the process of the victim's VMM: the VMM itself, and a thread that attacks its guest on order.
#pragma once

#include <cstdint>
#include <string>

#include "vmm/attack/secret.hpp"
#include "vmm/vm/config.hpp"
#include "vmm/vm/unique_fd.hpp"

namespace redoubt::vmm::attack {

// An unusual size, so that the mapping is easily told from others.
inline constexpr std::uint64_t kVictimRam = std::uint64_t{50} << 20;

struct Order {
  std::uint64_t attack;  // index into all_attacks()
  std::uint64_t page;    // address of its page
  std::uint64_t ram;
  SecretMatch secret;
};

struct Reply {
  std::uint32_t reach;
  char observed[252];  // a C string
};

// Never returns.
// keys: what is typed on the guest's console.
[[noreturn]] void run_victim(const MachineConfig& config, const std::string& console_path, const UniqueFd& keys,
                             UniqueFd channel);

}  // namespace redoubt::vmm::attack
