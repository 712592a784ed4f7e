// SPDX-License-Identifier: Apache-2.0
// What an attack is, what it may use and how it tells what came of it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/addr.hpp"
#include "vmm/attack/device.hpp"
#include "vmm/attack/secret.hpp"

namespace redoubt::vmm::attack {

enum class Reach {
  kBlocked,  // refused, faulted, or nothing of the guest's came back
  kReached,  // the attack worked: it saw the secret or had its effect
  kSkipped,  // this machine has not what it takes
};

struct Outcome {
  Reach reach = Reach::kSkipped;
  std::string observed;
};

template <class... Args>
[[nodiscard]] auto blocked(fmt::format_string<Args...> format, Args&&... args) -> Outcome {
  return {Reach::kBlocked, fmt::format(format, std::forward<Args>(args)...)};
}
template <class... Args>
[[nodiscard]] auto reached(fmt::format_string<Args...> format, Args&&... args) -> Outcome {
  return {Reach::kReached, fmt::format(format, std::forward<Args>(args)...)};
}
template <class... Args>
[[nodiscard]] auto skipped(fmt::format_string<Args...> format, Args&&... args) -> Outcome {
  return {Reach::kSkipped, fmt::format(format, std::forward<Args>(args)...)};
}

// One VM under attack, as its VMM's process looks from outside.
struct Target {
  pid_t pid = -1;
  SecretMatch secret;
  std::vector<std::uint64_t> addresses;  // in the VMM, of each page that is full of the secret
  std::vector<Pfn> frames;               // the same pages in host memory
  std::uint64_t first_gfn = 0;           // guest frame of the first
  std::uint64_t handle = 0;              // EL2's handle of the VM
};

// What attacks from outside the VMM use. Each attack takes its own page of the secret: some leave traces in the mapping.
struct Arena {
  const Device& device;
  const Target& target;
  std::uint64_t seed = 1;
  unsigned fuzz_calls = 0;
};

// What attacks from inside the VMM use; they run in its process, beside the vCPU thread.
struct Inside {
  SecretMatch secret;
  std::byte* page = nullptr;  // one page that is full of the secret
  std::byte* ram = nullptr;
  std::uint64_t ram_bytes = 0;
  int vm = -1;
  int vcpu = -1;
  int gic = -1;
};

struct Attack {
  std::string_view name;
  std::string_view what;
  std::string_view expected;
  Outcome (*outside)(const Arena&) = nullptr;
  Outcome (*inside)(const Inside&) = nullptr;
  unsigned page = 0;     // index into Target::addresses
  bool control = false;  // also run against an ordinary VM, where it must work
  bool dma = false;      // needs a DMA engine: left out, and said so, on a machine without one
};

// One function per family, one file each.
[[nodiscard]] auto mapping_attacks() -> std::span<const Attack>;
[[nodiscard]] auto process_attacks() -> std::span<const Attack>;
[[nodiscard]] auto api_attacks() -> std::span<const Attack>;
[[nodiscard]] auto kernel_attacks() -> std::span<const Attack>;
[[nodiscard]] auto platform_attacks() -> std::span<const Attack>;
[[nodiscard]] auto dma_attacks() -> std::span<const Attack>;
[[nodiscard]] auto firmware_attacks() -> std::span<const Attack>;
[[nodiscard]] auto page_attacks() -> std::span<const Attack>;
[[nodiscard]] auto vm_attacks() -> std::span<const Attack>;
[[nodiscard]] auto vcpu_attacks() -> std::span<const Attack>;
[[nodiscard]] auto interrupt_attacks() -> std::span<const Attack>;
[[nodiscard]] auto fuzz_attacks() -> std::span<const Attack>;
[[nodiscard]] auto scan_attacks() -> std::span<const Attack>;

// All of them in the order in which they run.
[[nodiscard]] auto all_attacks() -> std::vector<Attack>;

}  // namespace redoubt::vmm::attack
