// SPDX-License-Identifier: Apache-2.0
#include "proofs/prover/proof.hpp"

#include "proofs/prover/goals.hpp"

namespace redoubt::prover {
namespace {

auto success(Executor& executor, const EntryPoint& entry, const Value& result, const Pointer& object) -> bool {
  Engine& engine = executor.world().engine;
  switch (entry.answer) {
    case Answer::status: return engine.branch(part(*result.word(), 32, 1) == Word{1, 1});
    case Answer::value: return engine.branch(part(*result.parts()->at(1).word(), 0, 8) != Word{0, 8});
    case Answer::one: return engine.branch(*result.word() == Word{1, result.word()->bits()});
    case Answer::object: break;
  }
  Pointer flag = object;
  flag.offset = entry.answer_flag;
  const Value byte = executor.locals().load(flag, 1);
  if (byte.word() == nullptr) throw Refuted{"the answer is not written"};
  return engine.branch(*byte.word() != Word{0, 8});
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
  world.witness.taken_as = entry.taken_as;
  Executor executor{module, world, outcome.coverage};
  add_machine(executor);
  std::vector<Value> arguments;
  const Pointer object = executor.locals().create(entry.answer_bytes);
  if (entry.answer == Answer::object) arguments.emplace_back(object);
  arguments.emplace_back(Pointer{kCore, 0, {}, {}});
  for (unsigned i = 0; i < entry.arguments; ++i) arguments.emplace_back(argument(engine, entry, i));
  if (entry.makes_vcpu) {
    world.witness.vm = part(*arguments[1].word(), 0, 5);
    world.witness.vcpu = part(*arguments[2].word(), 0, 6);
  }
  const Value result = executor.call(function, arguments);
  engine.settle();
  engine.require_feasible();
  outcome.instructions += executor.instructions();
  const bool ok = success(executor, entry, result, object);
  if (!ok && world.wrote_anything()) throw Refuted{"an error left a trace"};
  prove_invariant(world);
  ++(ok ? outcome.succeeded : outcome.failed);
}

}  // namespace

auto prove(const Bitcode& module, const EntryPoint& entry, const Progress& progress) -> Outcome {
  Outcome outcome;
  const LLVMValueRef function = module.function(entry.mangled);
  if (function == nullptr) {
    outcome.why = "not found in the bitcode";
    return outcome;
  }
  Engine engine;
  engine.on_progress = progress;
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

}  // namespace redoubt::prover
