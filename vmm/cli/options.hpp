// SPDX-License-Identifier: Apache-2.0
// The command line and the configuration file.
#pragma once

#include <variant>

#include "vmm/vm/config.hpp"

namespace redoubt::vmm {

// Either what to run, or the exit code of a process that has said all there is to say (help, usage error).
using ParsedCommand = std::variant<MachineConfig, int>;

// Prints help and usage errors itself. Throws Failure for values that are wrong.
[[nodiscard]] auto parse_command_line(int argc, const char* const* argv) -> ParsedCommand;

}  // namespace redoubt::vmm
