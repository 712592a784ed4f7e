// SPDX-License-Identifier: Apache-2.0
// The VM under attack: the payload `secret` in a VMM process of its own, and an accomplice inside that process.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "vmm/attack/attack.hpp"
#include "vmm/vm/unique_fd.hpp"

namespace redoubt::vmm::attack {

class Victim {
 public:
  struct Config {
    std::string payload;
    bool is_protected = true;
  };

  // Returns when the guest has told its pattern and said once that it is intact. Throws Failure.
  Victim(const Device& device, const Config& config);
  Victim(const Victim&) = delete;
  auto operator=(const Victim&) -> Victim& = delete;
  ~Victim();

  [[nodiscard]] auto target() const noexcept -> const Target& { return target_; }
  // Runs attack number `index` of all_attacks() in the VMM's process.
  [[nodiscard]] auto run_inside(std::uint64_t index, unsigned page) -> Outcome;

  // The guest has said so once more, after this call began.
  [[nodiscard]] auto says_intact(std::chrono::seconds patience) -> bool;
  [[nodiscard]] auto says_damaged() const -> bool;
  [[nodiscard]] auto console() const -> std::string;

  // Asks the guest to end and waits for it; the exit code of the VMM, or 128 + a signal; -1 if it did not end.
  [[nodiscard]] auto end(std::chrono::seconds patience) -> int;

 private:
  void wait_for_secret();
  void find_pages();
  [[nodiscard]] auto intact_lines() const -> std::size_t;
  [[nodiscard]] auto ended() -> bool;

  std::string console_path_;
  UniqueFd channel_;
  UniqueFd keyboard_;
  Target target_;
  std::uint64_t ram_ = 0;
  int status_ = -1;
};

// Handles of all VMs that EL2 knows, found by asking for each.
[[nodiscard]] auto living_handles(const Device& device) -> std::vector<std::uint64_t>;

}  // namespace redoubt::vmm::attack
