// SPDX-License-Identifier: Apache-2.0
// The program `redoubt`.
#include <cstdio>
#include <exception>

#include <fmt/format.h>

#include "vmm/cli/options.hpp"
#include "vmm/cli/run_command.hpp"
#include "vmm/vm/failure.hpp"

int main(int argc, char** argv) {
  using namespace redoubt::vmm;
  try {
    const ParsedCommand command = parse_command_line(argc, argv);
    if (const int* code = std::get_if<int>(&command)) return *code;
    return run_vm(std::get<MachineConfig>(command));
  } catch (const Failure& failure) {
    fmt::print(stderr, "redoubt: {}\n", failure.what());
  } catch (const std::exception& error) {
    fmt::print(stderr, "redoubt: internal error: {}\n", error.what());
  }
  return static_cast<int>(ExitCode::kFailure);
}
