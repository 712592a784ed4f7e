// SPDX-License-Identifier: Apache-2.0
// What the user asked for, after the command line and the configuration file were merged and checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace redoubt::vmm {

struct DiskConfig {
  std::string path;
  bool read_only = false;
  std::string id;  // what the guest sees as serial number, at most 20 bytes
};

struct VsockConfig {
  std::uint32_t cid = 0;    // 3 .. 2^32 - 2
  std::string socket_path;  // host side, see vmm/backend/vsock_mux.hpp
};

struct ConsoleConfig {
  enum class Kind { kStdio, kFile, kNone };
  Kind kind = Kind::kStdio;
  std::string path;
};

struct MachineConfig {
  std::string kernel;
  std::string initrd;  // empty: none
  std::vector<DiskConfig> disks;
  unsigned cpus = 1;
  std::uint64_t memory_bytes = std::uint64_t{256} << 20;
  std::string cmdline;
  bool is_protected = false;
  bool rng = true;
  ConsoleConfig console;
  std::optional<VsockConfig> vsock;
};

}  // namespace redoubt::vmm
