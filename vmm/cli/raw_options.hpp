// SPDX-License-Identifier: Apache-2.0
// Options as written, before values are understood: what the command line and the configuration file have in common.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "vmm/vm/config.hpp"

namespace redoubt::vmm {

struct RawOptions {
  std::optional<std::string> kernel;
  std::optional<std::string> initrd;
  std::vector<std::string> disks;
  std::optional<unsigned> cpus;
  std::optional<std::string> memory;
  std::optional<std::string> cmdline;
  std::optional<bool> is_protected;
  std::optional<unsigned> vsock_cid;
  std::optional<std::string> vsock_socket;
  std::optional<std::string> console;
  std::optional<bool> rng;
};

// Reads a JSON object whose keys are the long options without dashes. Throws Failure naming file and key.
[[nodiscard]] auto read_config_file(const std::string& path) -> RawOptions;

// What is set in `over` replaces what is in `base`; disks as a whole.
[[nodiscard]] auto merge(RawOptions base, const RawOptions& over) -> RawOptions;

// Understands every value. Throws Failure.
[[nodiscard]] auto resolve(const RawOptions& raw) -> MachineConfig;

}  // namespace redoubt::vmm
