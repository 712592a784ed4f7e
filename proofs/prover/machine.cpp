// SPDX-License-Identifier: Apache-2.0
// What the proof takes El2Machine's functions to do. Their contract is core/machine.hpp.
#include "proofs/prover/proof.hpp"

namespace redoubt::prover {
namespace {

constexpr std::uint64_t kOk = std::uint64_t{1} << 32;  // Result<> as a register: bit 32 is has_value

auto numbers(const std::vector<Value>& arguments) -> std::vector<Word> {
  std::vector<Word> found;
  for (const Value& each : arguments) {
    if (each.word() != nullptr) found.push_back(*each.word());
  }
  return found;
}

auto remembered(const char* name) -> Model {
  return [name](Executor& executor, const std::vector<Value>& arguments) -> Value {
    executor.world().events.push_back({name, numbers(arguments)});
    return Value{};
  };
}

auto wipe(Executor& executor, const std::vector<Value>& arguments) -> Value {
  const auto words = numbers(arguments);
  if (!words.at(1).is(1)) throw Unsupported{"wipe of more than a page"};
  executor.world().events.push_back({"wipe", words});
  executor.world().memory.zero(part(words[0], 0, kFrameBits));
  return Value{};
}

// Succeeds or not, as it likes.
auto map_hyp(Executor& executor, const std::vector<Value>& arguments) -> Value {
  Engine& engine = executor.world().engine;
  executor.world().events.push_back({"map_hyp", numbers(arguments)});
  if (engine.branch(as_flag(engine.fresh("map_hyp", 1)))) return Word{kOk};
  return widen(engine.fresh("map_hyp_error", 32), 64);
}

auto assertion(Executor& executor, const std::vector<Value>&) -> Value {
  executor.world().engine.require(false, "an assertion of the library fails");
  executor.world().engine.settle();
  throw Refuted{"assertion"};
}

}  // namespace

void add_machine(Executor& executor) {
  const std::string machine = "_ZN7redoubt3hyp10El2Machine";
  executor.model(machine + "5enter", remembered("enter"));
  executor.model(machine + "5leave", remembered("leave"));
  executor.model(machine + "5clean", remembered("clean"));
  executor.model(machine + "11sync_icache", remembered("sync_icache"));
  executor.model(machine + "12sync_devices", remembered("sync_devices"));
  executor.model(machine + "9unmap_hyp", remembered("unmap_hyp"));
  executor.model(machine + "4wipe", wipe);
  executor.model(machine + "7map_hyp", map_hyp);
  executor.model("_ZSt21__glibcxx_assert_fail", assertion);
}

}  // namespace redoubt::prover
