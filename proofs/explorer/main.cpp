// SPDX-License-Identifier: Apache-2.0
// Exhaustive exploration: every reachable state, every request. In each transition the real core must answer what the
// specification answers, end in the state the specification ends in, keep every invariant, and leave no trace of a
// failed call. Usage: explorer [scenario number]
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <string>
#include <unordered_set>

#include "proofs/explorer/requests.hpp"
#include "proofs/explorer/transition.hpp"

namespace redoubt::explorer {
namespace {

using spec::kCalls;

class Explorer {
 public:
  explicit Explorer(const Scenario& scenario) : scenario_(scenario) {}

  // True if the exploration closed without a finding.
  auto run() -> bool {
    for (const Request& request : scenario_.setup) {
      if (!step(request, true)) return false;
    }
    discover();
    while (!queue_.empty()) {
      current_ = queue_.front();
      queue_.pop_front();
      if (!expand()) return false;
    }
    report();
    return every_call_succeeded();
  }

 private:
  auto expand() -> bool {
    world_.load(current_);
    world_.mark();
    before_ = world_.meaning();
    for (const Request& request : scenario_.requests) {
      if (request.call == Call::create && !room_for_vm()) continue;
      if (!step(request, false)) return false;
    }
    return true;
  }

  // Only kSpecVms of core's slots are modelled: with so many VMs, dead ones included, no other is created.
  [[nodiscard]] auto room_for_vm() const -> bool {
    for (const SpecVm& vm : before_.vms) {
      if (vm.vm.life == Life::free) return true;
    }
    return false;
  }

  auto step(const Request& request, bool keep) -> bool {
    if (keep) {
      before_ = world_.meaning();
      world_.mark();
    }
    const Transition t = take_transition(world_, before_, request);
    ++transitions_;
    if (t.wrong != nullptr) return found(request, t);
    if (t.got.status == 0) ++succeeded_[static_cast<std::size_t>(request.call)];
    if (!t.changed) return true;
    world_.put_marks(t.after);
    if (keep) return true;
    discover();
    world_.rewind();
    return true;
  }

  // The world's present state, if it is new, joins the queue.
  void discover() {
    if (!seen_.insert(canonical(world_.meaning(), scenario_.symmetry)).second) return;
    queue_.push_back(world_.save());
    if (seen_.size() % 10000 == 0) std::fprintf(stderr, "%zu states, %zu to do\n", seen_.size(), queue_.size());
  }

  auto found(const Request& r, const Transition& t) -> bool {
    std::printf("FOUND: %s\n  call %u(%#lx, %#lx, %#lx, %#lx, %#lx) budget %d, after %zu states\n", t.wrong,
                static_cast<unsigned>(r.call), r.x[0], r.x[1], r.x[2], r.x[3], r.x[4], r.hyp_budget, seen_.size());
    std::printf("  got %ld %#lx %#lx, specification %ld %#lx %#lx, audit %u\n", t.got.status, t.got.first, t.got.second,
                t.wanted.status, t.wanted.first, t.wanted.second, world_.audit_error());
    return false;
  }

  void report() const {
    std::printf("%s: closed; %zu states, %zu requests, %lu transitions checked\n", scenario_.name.c_str(), seen_.size(),
                scenario_.requests.size(), transitions_);
  }

  // A call that never succeeds would be checked vacuously.
  auto every_call_succeeded() const -> bool {
    bool all = true;
    std::array<bool, kCalls> tried{};
    for (const Request& request : scenario_.requests) tried[static_cast<std::size_t>(request.call)] = true;
    for (std::size_t call = 0; call < kCalls; ++call) {
      if (!tried[call] || succeeded_[call] != 0) continue;
      std::printf("FOUND: call %zu never succeeds\n", call);
      all = false;
    }
    return all;
  }

  const Scenario& scenario_;
  World world_;
  std::string current_;
  SpecState before_;
  std::deque<std::string> queue_;
  std::unordered_set<std::string> seen_;
  std::array<std::uint64_t, kCalls> succeeded_{};
  std::uint64_t transitions_ = 0;
};

}  // namespace
}  // namespace redoubt::explorer

auto main(int argc, char** argv) -> int {
  const auto scenarios = redoubt::explorer::all_scenarios();
  const int only = argc > 1 ? std::atoi(argv[1]) : -1;
  bool good = true;
  for (int i = 0; i < static_cast<int>(scenarios.size()); ++i) {
    if (only >= 0 && only != i) continue;
    const auto start = std::chrono::steady_clock::now();
    good = redoubt::explorer::Explorer{scenarios[static_cast<std::size_t>(i)]}.run() && good;
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::printf("  %.1f s\n", seconds.count());
  }
  return good ? 0 : 1;
}
