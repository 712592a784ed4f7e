// SPDX-License-Identifier: Apache-2.0
// All paths of a function whose branches are symbolic: the function runs again from its start for each path and is told
// at each branch which way to go. Two levels: the paths of the code, and below each the cases of a proof goal.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "proofs/prover/unknowns.hpp"
#include "proofs/prover/word.hpp"

namespace redoubt::prover {

// The path cannot be finished: what is wrong, in words. A proof fails.
struct Refuted {
  std::string what;
};
// The executor does not know this construct: neither proved nor refuted.
struct Unsupported {
  std::string what;
};

struct Statistics {
  std::uint64_t paths = 0;
  std::uint64_t cases = 0;    // of goals
  std::uint64_t queries = 0;  // put to Z3
  std::uint64_t guessed = 0;  // answered by the last model instead
  std::uint64_t afresh = 0;   // of the queries, those the incremental solver could not answer
  double seconds = 0;
};

class Engine {
 public:
  Engine();
  ~Engine() { watch_unknowns(nullptr); }
  Engine(const Engine&) = delete;
  auto operator=(const Engine&) -> Engine& = delete;

  // Runs `body` once for each feasible path. Exceptions of the body pass, with the solver back at its start.
  void explore(const std::function<void()>& body) { run_all(body, statistics_.paths); }
  // The same inside a path.
  void explore_cases(const std::function<void()>& body) { run_all(body, statistics_.cases); }

  // The truth of `condition` on this path; both are tried if both are possible.
  [[nodiscard]] auto branch(const Flag& condition) -> bool;
  // The truth of a condition that this path has branched on; no question is asked.
  [[nodiscard]] auto decided(const Flag& condition) const -> std::optional<bool>;
  void assume(const Flag& fact);
  // Gives the path up if no state takes it. For the ends of paths.
  void require_feasible();
  // Must hold in every state of this path; Refuted otherwise. Asked at the next branch, or by settle().
  void require(const Flag& condition, const std::string& what);
  void settle();
  [[nodiscard]] auto possible(const Flag& condition) -> bool;

  // Called after a query, every 20 seconds or so.
  std::function<void(const Statistics&)> on_progress;

  // A name that is new on this path and the same when the path is run again.
  [[nodiscard]] auto fresh(const std::string& name, unsigned bits = 64) -> Word;
  // In the last state for which possible() said yes or a requirement failed.
  [[nodiscard]] auto example(const Word& word) const -> std::uint64_t;
  [[nodiscard]] auto statistics() const -> const Statistics& { return statistics_; }

 private:
  struct Decision {
    bool taken = false;
    bool open = false;    // the other way has not been tried
    bool pushed = false;  // the solver has a scope for it
    std::optional<z3::expr> other{};
  };
  struct Infeasible {};

  void push();
  void pop();
  void learn(const Unknown& what);
  void run_all(const std::function<void()>& body, std::uint64_t& counter);
  [[nodiscard]] auto next_path(std::size_t base) -> bool;
  [[nodiscard]] auto decide(const Flag& condition) -> bool;
  [[nodiscard]] auto satisfiable(const z3::expr& term) -> bool;
  [[nodiscard]] auto afresh(const z3::expr& term) -> z3::check_result;
  void commit(bool taken, bool both, const Flag& condition);

  z3::solver solver_;
  KnownPlaces places_;  // that solver_ has been told of
  std::vector<Decision> decisions_;
  std::size_t position_ = 0;
  std::map<std::string, unsigned> names_;
  std::map<unsigned, std::pair<z3::expr, bool>> settled_;  // conditions decided on this path, by the term's number
  std::vector<std::pair<Flag, std::string>> required_;
  std::optional<z3::model> model_;    // of everything asserted
  std::optional<z3::model> example_;  // of the last query that had one
  Statistics statistics_;
  double told_ = 0;  // when on_progress was called last
};

}  // namespace redoubt::prover
