// SPDX-License-Identifier: Apache-2.0
// The program `redoubt`.
#include <cstdio>
#include <exception>
#include <string_view>

#include <fmt/format.h>

#include "vmm/attack/command.hpp"
#include "vmm/cli/options.hpp"
#include "vmm/cli/run_command.hpp"
#include "vmm/vm/failure.hpp"

int main(int argc, char** argv) {
  using namespace redoubt::vmm;
  try {
    if (argc > 1 && std::string_view(argv[1]) == "attack") return attack::run_command(argc - 1, argv + 1);
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
