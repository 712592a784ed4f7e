// SPDX-License-Identifier: Apache-2.0
// What a compromised host kernel can do, through redoubt_attack.ko.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "abi/attack.h"
#include "abi/hypercall.h"
#include "base/addr.hpp"
#include "vmm/attack/secret.hpp"
#include "vmm/vm/unique_fd.hpp"

namespace redoubt::vmm::attack {

using CallRegisters = std::array<std::uint64_t, 8>;

// x0 (0 or a number of abi/error.h) and the results of a hypercall.
struct Answer {
  std::int64_t status = 0;
  std::uint64_t x1 = 0;
  std::uint64_t x2 = 0;
  std::uint64_t x3 = 0;
};

// Which way an address is reached.
enum class Mapping : std::uint32_t { kLinear = RD_ATTACK_LINEAR, kDevice = RD_ATTACK_DEVICE_MAP };

// Safe from any thread.
class Device {
 public:
  // Throws Failure when the module is not loaded or the caller is not root.
  Device();

  // Throws Failure only if the module itself fails; any answer of the hypervisor is an answer.
  [[nodiscard]] auto raw(rd_attack_call call) const -> CallRegisters;
  [[nodiscard]] auto call(std::uint64_t number, std::array<std::uint64_t, 6> arguments) const -> Answer;
  [[nodiscard]] auto smc(CallRegisters x, std::uint32_t immediate = 0) const -> CallRegisters;
  // RD_INFO_*; 0 if refused.
  [[nodiscard]] auto info(rd_info key) const -> std::uint64_t;

  // nullopt and false: the access faulted. bytes: 1, 2, 4 or 8; pa aligned to it.
  [[nodiscard]] auto load(Pa pa, std::uint32_t bytes, Mapping mapping) const -> std::optional<std::uint64_t>;
  [[nodiscard]] auto store(Pa pa, std::uint32_t bytes, std::uint64_t value, Mapping mapping) const -> bool;

  struct ScanResult {
    std::uint64_t hits = 0;
    std::uint64_t unreadable = 0;
    std::optional<Pa> first;
  };
  [[nodiscard]] auto scan(Pfn first, std::uint64_t pages, const SecretMatch& secret) const -> ScanResult;

  [[nodiscard]] auto read_register(rd_attack_register which) const -> std::uint64_t;
  // 2^order zeroed, aligned kernel pages, the module's until the program ends.
  [[nodiscard]] auto pages(unsigned order) const -> Pfn;

 private:
  void control(unsigned long request, void* argument, const char* what) const;
  UniqueFd fd_;
};

}  // namespace redoubt::vmm::attack
