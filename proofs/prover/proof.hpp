// SPDX-License-Identifier: Apache-2.0
// One entry point of core, proved from any state of the invariant and any arguments.
#pragma once

#include <string>
#include <vector>

#include "proofs/prover/executor.hpp"

namespace redoubt::prover {

enum class Verdict { proved, refuted, unsupported };

struct EntryPoint {
  std::string name;
  std::string mangled;  // prefix
  std::string file;     // the translation unit of the hypervisor that holds it
  unsigned arguments = 0;
  unsigned frames = 0;         // bit n: argument n is a frame number
  Role taken_as = Role::none;  // of pages the call takes for EL2
  // Numbers to tell apart first, so that loops over them are numbers; any other value is one more case.
  unsigned split_argument = ~0U;
  std::vector<std::uint64_t> split_values{};
  std::vector<std::uint64_t> left_out{};  // values of that argument that are not proved
};

struct Outcome {
  Verdict verdict = Verdict::unsupported;
  std::string why;
  std::uint64_t succeeded = 0;  // paths that answered success
  std::uint64_t failed = 0;     // paths that answered an error, and wrote nothing
  std::uint64_t instructions = 0;
  Statistics statistics;
  Coverage coverage;
};

[[nodiscard]] auto entry_points() -> const std::vector<EntryPoint>&;
[[nodiscard]] auto prove(const Bitcode& module, const EntryPoint& entry) -> Outcome;

// Models of the functions of the machine, which are not core's.
void add_machine(Executor& executor);

}  // namespace redoubt::prover
