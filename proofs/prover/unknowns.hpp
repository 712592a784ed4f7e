// SPDX-License-Identifier: Apache-2.0
// Functions of the first state, such as the owner of a page: what they answer is unknown, but the same for the same place.
// No function reaches the solver: each place that is named gets a variable, and a function is what makes two of them equal
// when their places are. That leaves pure bit vectors, which incremental SAT is good at.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "proofs/prover/word.hpp"

namespace redoubt::prover {

// One place of one function.
struct Unknown {
  std::string function;
  std::vector<Word> place;
  Word value;
};

// The value of `function` at a place: the same variable whenever the same place is asked for.
[[nodiscard]] auto unknown(const std::string& function, const std::vector<Word>& place, unsigned bits) -> Word;

// Who is told of each place that is asked for; one at a time.
void watch_unknowns(std::function<void(const Unknown&)> watcher);

// The places that a solver has been told of, scope by scope. What it has not been told of may take any value: less is
// known then, and never too much.
class KnownPlaces {
 public:
  void push() { scopes_.emplace_back(); }
  void pop();
  [[nodiscard]] auto contains(const Unknown& what) const -> bool { return known_.contains(&what); }
  // Places of the same function that were told before.
  [[nodiscard]] auto others(const Unknown& what) const -> const std::vector<const Unknown*>&;
  void add(const Unknown& what);
  [[nodiscard]] auto size() const -> std::size_t { return known_.size(); }

 private:
  std::set<const Unknown*> known_;
  std::map<std::string, std::vector<const Unknown*>> by_function_;
  std::vector<std::vector<const Unknown*>> scopes_{1};
};

}  // namespace redoubt::prover
