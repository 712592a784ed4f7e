// SPDX-License-Identifier: Apache-2.0
// The device tree a guest boots with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/addr.hpp"

namespace redoubt::vmm::arm64 {

struct DeviceTreeInput {
  std::string bootargs;
  std::uint64_t ram_bytes = 0;
  std::vector<std::uint64_t> cpu_affinities;  // MPIDR_EL1 affinity fields, one per vCPU, boot vCPU first
  // smc: what stock Linux needs to find RSI, i.e. for protected guests; hvc: everyone else.
  bool psci_by_smc = false;
  struct Initrd {
    Ipa base;
    std::uint64_t bytes;
  };
  std::optional<Initrd> initrd;
  unsigned virtio_devices = 0;
  bool pmu = false;
  // Random bytes for an ordinary guest's kaslr-seed and rng-seed. A protected guest takes none from its host.
  std::vector<std::byte> seed;
};

inline constexpr std::size_t kKaslrSeedBytes = 8;
inline constexpr std::size_t kRngSeedBytes = 32;
inline constexpr std::size_t kSeedBytes = kKaslrSeedBytes + kRngSeedBytes;

// At most kMaxDtbBytes; Failure otherwise (a command line can be that long).
[[nodiscard]] auto build_device_tree(const DeviceTreeInput& input) -> std::vector<std::byte>;

}  // namespace redoubt::vmm::arm64
