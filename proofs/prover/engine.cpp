// SPDX-License-Identifier: Apache-2.0
#include "proofs/prover/engine.hpp"

#include <chrono>
#include <utility>

namespace redoubt::prover {
namespace {

// More decisions on one path mean a loop without a bound.
constexpr std::size_t kMaxDecisions = 8192;

constexpr double kProgress = 20;  // seconds

auto now() -> double {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The incremental solver gets this much of Z3's own measure of work (seconds), then one that starts afresh more. A measure
// of work and not of time: what is proved on one machine is proved on any.
constexpr unsigned kPatience = 20'000'000;
constexpr unsigned kLimit = 2'000'000'000;

auto same_place(const Unknown& a, const Unknown& b) -> Flag {
  Flag same = true;
  for (std::size_t i = 0; i < a.place.size() && !same.is(false); ++i) same = same & a.place[i] == b.place[i];
  return same;
}

}  // namespace

Engine::Engine() : solver_(z3_context(), z3::solver::simple()) {
  z3::params limits{z3_context()};
  limits.set("rlimit", kPatience);
  solver_.set(limits);
  watch_unknowns([this](const Unknown& what) { learn(what); });
}

void Engine::push() {
  solver_.push();
  places_.push();
}

void Engine::pop() {
  solver_.pop();
  places_.pop();
}

// A place the solver has not heard of: its value is that of any place equal to it. The last model is made to agree.
void Engine::learn(const Unknown& what) {
  if (places_.contains(what)) return;
  bool chosen = false;
  for (const Unknown* const other : places_.others(what)) {
    const Flag same = same_place(what, *other);
    if (same.is(false)) continue;
    solver_.add(implies(same, what.value == other->value).term());
    if (!model_ || chosen || !model_->eval(same.term(), true).is_true()) continue;
    z3::func_decl variable = what.value.term().decl();
    z3::expr value = model_->eval(other->value.term(), true);
    model_->add_const_interp(variable, value);
    chosen = true;
  }
  places_.add(what);
}

void Engine::run_all(const std::function<void()>& body, std::uint64_t& counter) {
  const std::size_t base = decisions_.size();
  const std::size_t start = position_;
  const auto names = names_;
  const auto settled = settled_;
  push();
  const auto restore = [&] {
    while (decisions_.size() > base) {
      if (decisions_.back().pushed) pop();
      decisions_.pop_back();
    }
    pop();
    position_ = start;
    names_ = names;
    settled_ = settled;
    model_.reset();
  };
  try {
    do {
      position_ = start;
      names_ = names;
      settled_ = settled;
      required_.clear();
      ++counter;
      try {
        body();
        settle();
      } catch (const Infeasible&) {
        --counter;
      }
    } while (next_path(base));
  } catch (...) {
    restore();
    throw;
  }
  restore();
}

auto Engine::next_path(std::size_t base) -> bool {
  while (decisions_.size() > base && !decisions_.back().open) {
    if (decisions_.back().pushed) pop();
    decisions_.pop_back();
  }
  if (decisions_.size() == base) return false;
  Decision& last = decisions_.back();
  pop();
  push();
  solver_.add(*last.other);
  last.taken = !last.taken;
  last.open = false;
  model_.reset();
  return true;
}

auto Engine::satisfiable(const z3::expr& term) -> bool {
  if (model_ && model_->eval(term, true).is_true()) {
    ++statistics_.guessed;
    example_ = model_;
    return true;
  }
  ++statistics_.queries;
  const double begun = now();
  solver_.push();
  solver_.add(term);
  z3::check_result result = solver_.check();
  if (result == z3::sat) example_ = solver_.get_model();
  solver_.pop();
  if (result == z3::unknown) result = afresh(term);
  const double ended = now();
  statistics_.seconds += ended - begun;
  if (on_progress && ended - told_ > kProgress) {
    told_ = ended;
    on_progress(statistics_);
  }
  if (result == z3::unknown) throw Unsupported{"Z3 gives up"};
  return result == z3::sat;
}

// What the assertions fix is substituted first; then SAT over bits, which is slower on most queries but not on all.
auto Engine::afresh(const z3::expr& term) -> z3::check_result {
  ++statistics_.afresh;
  const auto step = [](const char* name) { return z3::tactic{z3_context(), name}; };
  const z3::tactic first = step("simplify") & step("propagate-values") & step("solve-eqs") & step("simplify");
  z3::solver once = (first & step("qfbv")).mk_solver();
  z3::params limits{z3_context()};
  limits.set("rlimit", kLimit);
  once.set(limits);
  for (const z3::expr& each : solver_.assertions()) once.add(each);
  once.add(term);
  const z3::check_result result = once.check();
  if (result == z3::sat) example_ = once.get_model();
  return result;
}

void Engine::commit(bool taken, bool both, const Flag& condition) {
  if (decisions_.size() >= kMaxDecisions) throw Unsupported{"a path without end"};
  Decision decision{taken, both, both, std::nullopt};
  if (both) {
    const z3::expr term = condition.term();
    decision.other = taken ? !term : term;
    push();
    solver_.add(taken ? term : !term);
  }
  decisions_.push_back(std::move(decision));
  ++position_;
}

auto Engine::decided(const Flag& condition) const -> std::optional<bool> {
  if (condition.known()) return condition.value();
  const auto found = settled_.find(Z3_get_ast_id(z3_context(), condition.term()));
  if (found == settled_.end()) return std::nullopt;
  return found->second.second;
}

auto Engine::branch(const Flag& condition) -> bool {
  if (const auto known = decided(condition)) return *known;
  const z3::expr term = condition.term();
  const bool taken = decide(condition);
  settled_.insert({Z3_get_ast_id(z3_context(), term), {term, taken}});
  const z3::expr other = (!term).simplify();
  settled_.insert({Z3_get_ast_id(z3_context(), other), {other, !taken}});
  return taken;
}

auto Engine::decide(const Flag& condition) -> bool {
  if (position_ < decisions_.size()) return decisions_[position_++].taken;
  settle();
  const bool no = satisfiable(!condition.term());
  const auto model_of_no = no ? example_ : std::nullopt;
  // A path that no state takes is followed to no harm; at its end it is found out.
  const bool yes = !no || satisfiable(condition.term());
  if (no) model_ = yes ? example_ : model_of_no;
  commit(yes, yes && no, condition);
  return yes;
}

void Engine::assume(const Flag& fact) {
  if (position_ < decisions_.size() || fact.is(true)) return;  // a path run again: it is asserted already
  solver_.add(fact.term());
  if (model_ && !model_->eval(fact.term(), true).is_true()) model_.reset();
}

void Engine::require_feasible() {
  if (!satisfiable(z3_context().bool_val(true))) throw Infeasible{};
  model_ = example_;
}

void Engine::require(const Flag& condition, const std::string& what) {
  if (position_ < decisions_.size() || condition.is(true)) return;  // on a path run again it was asked before
  required_.emplace_back(condition, what);
}

void Engine::settle() {
  if (required_.empty()) return;
  z3::expr_vector broken{z3_context()};
  for (const auto& [condition, what] : required_) broken.push_back(!condition.term());
  const auto asked = std::exchange(required_, {});
  if (!satisfiable(z3::mk_or(broken))) return;
  for (const auto& [condition, what] : asked) {
    if (condition.is(false) || example_->eval(condition.term(), true).is_false()) throw Refuted{what};
  }
  throw Refuted{"one of several requirements"};
}

auto Engine::possible(const Flag& condition) -> bool { return !condition.is(false) && satisfiable(condition.term()); }

auto Engine::fresh(const std::string& name, unsigned bits) -> Word {
  return Word::variable(name + "!" + std::to_string(names_[name]++), bits);
}

auto Engine::example(const Word& word) const -> std::uint64_t {
  return example_ ? example_->eval(word.term(), true).get_numeral_uint64() : 0;
}

}  // namespace redoubt::prover
