// SPDX-License-Identifier: Apache-2.0
#include "proofs/prover/proof.hpp"

#include "proofs/prover/goals.hpp"

namespace redoubt::prover {
namespace {

// Result<> in one register has its flag in bit 32, Result<T> in two has it in the second.
auto success(World& world, const Value& result) -> bool {
  if (const auto* const parts = result.parts(); parts != nullptr) {
    return world.engine.branch(part(*parts->at(1).word(), 0, 8) != Word{0, 8});
  }
  return world.engine.branch(part(*result.word(), 32, 1) == Word{1, 1});
}

auto argument(Engine& engine, const EntryPoint& entry, unsigned number) -> Word {
  // Frame numbers have 36 bits; that larger ones are refused is a case of its own.
  const std::string name = "x" + std::to_string(number + 1);
  if ((entry.frames >> number & 1) != 0 && engine.branch(as_flag(engine.fresh(name + " is a frame", 1)))) {
    return widen(engine.fresh(name, kFrameBits), 64);
  }
  Word any = engine.fresh(name);
  if ((entry.frames >> number & 1) != 0) engine.assume(part(any, kFrameBits, 28) != Word{0, 28});
  if (number != entry.split_argument) return any;
  for (const std::uint64_t value : entry.split_values) {
    if (engine.branch(any == Word{value})) return Word{value};
  }
  for (const std::uint64_t value : entry.left_out) engine.assume(any != Word{value});
  return any;
}

void one_path(Engine& engine, const Bitcode& module, const EntryPoint& entry, LLVMValueRef function, Outcome& outcome) {
  World world{engine};
  world.taken_as = entry.taken_as;
  Executor executor{module, world, outcome.coverage};
  add_machine(executor);
  std::vector<Value> arguments{Pointer{kCore, 0, {}, {}}};
  for (unsigned i = 0; i < entry.arguments; ++i) arguments.emplace_back(argument(engine, entry, i));
  const Value result = executor.call(function, arguments);
  engine.settle();
  engine.require_feasible();
  outcome.instructions += executor.instructions();
  const bool ok = success(world, result);
  if (!ok && world.wrote_anything()) throw Refuted{"an error left a trace"};
  prove_invariant(world);
  ++(ok ? outcome.succeeded : outcome.failed);
}

}  // namespace

auto prove(const Bitcode& module, const EntryPoint& entry) -> Outcome {
  Outcome outcome;
  const LLVMValueRef function = module.function(entry.mangled);
  if (function == nullptr) {
    outcome.why = "not found in the bitcode";
    return outcome;
  }
  Engine engine;
  try {
    engine.explore([&] { one_path(engine, module, entry, function, outcome); });
    outcome.verdict = Verdict::proved;
    if (outcome.succeeded == 0) {
      outcome.verdict = Verdict::unsupported;
      outcome.why = "vacuous: no path succeeds";
    }
  } catch (const Refuted& refuted) {
    outcome.verdict = Verdict::refuted;
    outcome.why = refuted.what;
  } catch (const Unsupported& unsupported) {
    outcome.why = unsupported.what;
  }
  outcome.statistics = engine.statistics();
  return outcome;
}

// Frame numbers are arguments by the mask; a call over 1 page or a block is proved for 1 page.
auto entry_points() -> const std::vector<EntryPoint>& {
  static const std::string file = "hyp/host/host_calls.cpp";
  static const std::vector<EntryPoint> all = {
      {"vm_topup", "_ZN7redoubt4core8vm_topupI", file, 2, 0b10, Role::pool, ~0U, {}, {}},
      {"mem_donate", "_ZN7redoubt4core10mem_donateI", file, 4, 0b0110, Role::none, 3, {1}, {512}},
      {"mem_share", "_ZN7redoubt4core9mem_shareI", file, 5, 0b00110, Role::none, 3, {1}, {512}},
  };
  return all;
}

}  // namespace redoubt::prover
