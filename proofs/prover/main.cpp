// SPDX-License-Identifier: Apache-2.0
// prover --list                     the entry points: name, translation unit
// prover --digest <bitcode> <name>  a text that changes whenever the code of the entry point does
// prover <bitcode> <name>           proves it; lines of "key value"; "progress" ones while it works
// Exit code: 0 proved, 1 refuted, 3 neither, 2 misuse.
#include <cstdio>
#include <exception>
#include <string>

#include "proofs/prover/goals.hpp"
#include "proofs/prover/proof.hpp"

namespace redoubt::prover {
namespace {

auto find(const std::string& name) -> const EntryPoint* {
  for (const EntryPoint& each : entry_points()) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

void list() {
  for (const EntryPoint& each : entry_points()) std::printf("entry %s %s\n", each.name.c_str(), each.file.c_str());
  for (const std::string& each : goal_names()) std::printf("goal %s\n", each.c_str());
  for (const std::string& each : limits()) std::printf("limit %s\n", each.c_str());
}

void report(const EntryPoint& entry, const Outcome& outcome) {
  const char* const verdicts[] = {"proved", "refuted", "unsupported"};
  const Statistics& s = outcome.statistics;
  std::printf("verdict %s\n", verdicts[static_cast<unsigned>(outcome.verdict)]);
  for (const std::uint64_t value : entry.left_out) {
    std::printf("left_out argument %u = %llu\n", entry.split_argument + 1, static_cast<unsigned long long>(value));
  }
  if (!outcome.why.empty()) std::printf("why %s\n", outcome.why.c_str());
  const auto number = [](const char* name, std::uint64_t value) {
    std::printf("%s %llu\n", name, static_cast<unsigned long long>(value));
  };
  number("paths_ok", outcome.succeeded);
  number("paths_error", outcome.failed);
  number("cases", s.cases);
  number("queries", s.queries);
  number("afresh", s.afresh);
  number("instructions", outcome.instructions);
  number("blocks", outcome.coverage.blocks());
  number("blocks_of", outcome.coverage.of_functions());
  for (const auto& [name, blocks] : outcome.coverage.gaps()) std::printf("gap %zu %s\n", blocks, name.c_str());
}

auto run(int argc, char** argv) -> int {
  const std::string first = argc > 1 ? argv[1] : "";
  if (first == "--list") return list(), 0;
  const bool digest = first == "--digest";
  if (argc != (digest ? 4 : 3)) return 2;
  const EntryPoint* const entry = find(argv[argc - 1]);
  if (entry == nullptr) return 2;
  const Bitcode module = Bitcode::load(argv[argc - 2]);
  check_layout(module);
  if (digest) return std::fputs(module.reachable_text(module.function(entry->mangled)).c_str(), stdout), 0;
  const Outcome outcome = prove(module, *entry, [](const Statistics& so_far) {
    std::printf("progress %llu paths, %llu cases, %llu queries\n", static_cast<unsigned long long>(so_far.paths),
                static_cast<unsigned long long>(so_far.cases), static_cast<unsigned long long>(so_far.queries));
    std::fflush(stdout);
  });
  report(*entry, outcome);
  return outcome.verdict == Verdict::proved ? 0 : outcome.verdict == Verdict::refuted ? 1 : 3;
}

}  // namespace
}  // namespace redoubt::prover

int main(int argc, char** argv) {
  try {
    return redoubt::prover::run(argc, argv);
  } catch (const z3::exception& error) {
    std::fprintf(stderr, "prover: z3: %s\n", error.msg());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "prover: %s\n", error.what());
  }
  return 3;
}
