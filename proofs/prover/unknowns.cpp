// SPDX-License-Identifier: Apache-2.0
#include "proofs/prover/unknowns.hpp"

#include <memory>
#include <utility>

namespace redoubt::prover {
namespace {

struct Registry {
  // Terms are shared by Z3: the same term has the same number as long as someone holds it, as `Unknown` does.
  std::map<std::pair<std::string, std::vector<unsigned>>, std::unique_ptr<Unknown>> all;
  std::function<void(const Unknown&)> watcher;
};

auto registry() -> Registry& {
  static_cast<void>(z3_context());  // outlives the terms
  static Registry registry;
  return registry;
}

// Numbers and terms apart; a word's width is that of its function's argument.
void append_identity(std::vector<unsigned>& to, const Word& word) {
  if (word.known()) {
    to.insert(to.end(), {0, static_cast<unsigned>(word.value()), static_cast<unsigned>(word.value() >> 32)});
  } else {
    to.insert(to.end(), {1, Z3_get_ast_id(z3_context(), word.term())});
  }
}

}  // namespace

auto unknown(const std::string& function, const std::vector<Word>& place, unsigned bits) -> Word {
  Registry& here = registry();
  std::vector<unsigned> identity;
  for (const Word& each : place) append_identity(identity, each);
  auto& found = here.all[{function, std::move(identity)}];
  if (found == nullptr) {
    const std::string name = function + "@" + std::to_string(here.all.size());
    found = std::make_unique<Unknown>(Unknown{function, place, Word::variable(name, bits)});
  }
  if (here.watcher) here.watcher(*found);
  return found->value;
}

void watch_unknowns(std::function<void(const Unknown&)> watcher) { registry().watcher = std::move(watcher); }

void KnownPlaces::pop() {
  for (const Unknown* const each : scopes_.back()) {
    known_.erase(each);
    by_function_[each->function].pop_back();
  }
  scopes_.pop_back();
}

auto KnownPlaces::others(const Unknown& what) const -> const std::vector<const Unknown*>& {
  static const std::vector<const Unknown*> none;
  const auto found = by_function_.find(what.function);
  return found == by_function_.end() ? none : found->second;
}

void KnownPlaces::add(const Unknown& what) {
  known_.insert(&what);
  by_function_[what.function].push_back(&what);
  scopes_.back().push_back(&what);
}

}  // namespace redoubt::prover
