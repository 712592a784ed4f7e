// SPDX-License-Identifier: Apache-2.0
// One entry point of core, proved from any state of the invariant and any arguments.
#pragma once

#include <string>
#include <vector>

#include "proofs/prover/executor.hpp"

namespace redoubt::prover {

enum class Verdict { proved, refuted, unsupported };

// How an entry point says whether it succeeded: bit 32 of a register; a second register; a byte of the object that its
// hidden first argument names; 1 in a register.
enum class Answer { status, value, object, one };

struct EntryPoint {
  std::string name;
  std::string mangled;  // prefix
  std::string file;     // the translation unit of the hypervisor that holds it
  unsigned arguments = 0;
  unsigned frames = 0;           // bit n: argument n is a frame number
  std::vector<Role> taken_as{};  // of pages the call takes for EL2
  Answer answer = Answer::status;
  unsigned answer_bytes = 0;  // Answer::object: its size
  unsigned answer_flag = 0;   // and the place of its flag
  // Numbers to tell apart first, so that loops over them are numbers; any other value is one more case.
  unsigned split_argument = ~0U;
  std::vector<std::uint64_t> split_values{};
  std::vector<std::uint64_t> left_out{};  // values of that argument that are not proved
  bool makes_vcpu = false;                // its arguments are a handle and the index of a vCPU that it creates
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
using Progress = std::function<void(const Statistics&)>;
[[nodiscard]] auto prove(const Bitcode& module, const EntryPoint& entry, const Progress& progress) -> Outcome;

// Models of the functions of the machine, which are not core's.
void add_machine(Executor& executor);

}  // namespace redoubt::prover
