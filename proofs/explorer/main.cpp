// SPDX-License-Identifier: Apache-2.0
// Exhaustive exploration: every reachable state, every request. In each transition the real core must answer what the
// specification answers, end in the state the specification ends in, keep every invariant, and leave no trace of a
// failed call. Usage: explorer [scenario number]; without a number, all but the large ones.
#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <string>
#include <unordered_set>

#include "proofs/explorer/requests.hpp"
#include "proofs/explorer/transition.hpp"

namespace redoubt::explorer {
namespace {

using spec::kCalls;

// 128 bits in place of a state's bytes: among 10^7 states two with the same digest are improbable by 10^-24.
using Digest = std::array<std::uint64_t, 2>;
struct DigestHash {
  auto operator()(const Digest& digest) const -> std::size_t { return digest[0]; }
};
auto digest(const std::string& bytes) -> Digest {
  Digest d{0x9e37'79b9'7f4a'7c15, 0xc2b2'ae3d'27d4'eb4f};
  for (std::size_t at = 0; at < bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, std::min<std::size_t>(8, bytes.size() - at));
    d[0] = std::rotl((d[0] ^ word) * 0x87c3'7b91'1142'53d5, 31) + d[1];
    d[1] = std::rotl(d[1] ^ (word * 0x4cf5'ad43'2745'937f), 33) * 0xff51'afd7'ed55'8ccd + d[0];
  }
  d[0] ^= bytes.size();
  return d;
}

class Explorer {
 public:
  explicit Explorer(const Scenario& scenario) : scenario_(scenario) {}

  // True if the exploration closed without a finding.
  auto run() -> bool {
    for (const Request& request : scenario_.setup) {
      if (!step(request, true)) return false;
    }
    if (!discover(world_.meaning())) return false;
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
    before_ = scratch_ = world_.meaning();
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
      before_ = scratch_ = world_.meaning();
      world_.mark();
    }
    Transition t = take_transition(world_, before_, scratch_, request);
    ++transitions_;
    if (t.wrong != nullptr) return found(request, t);
    if (t.got.status == 0) ++succeeded_[static_cast<std::size_t>(request.call)];
    if (!t.changed) return true;
    if (!t.after) t.wrong = "a frame that is not modelled";
    if (t.wrong == nullptr) world_.put_marks(*t.after);
    if (t.wrong == nullptr && !keep && !discover(*t.after)) t.wrong = "invariant broken";
    if (t.wrong != nullptr) return found(request, t);
    if (!keep) world_.rewind();
    return true;
  }

  // The world's present state, if it is new, joins the queue. False if it breaks an invariant.
  auto discover(const SpecState& state) -> bool {
    if (!seen_.insert(digest(canonical(state, scenario_.symmetry))).second) return true;
    queue_.push_back(world_.save());
    if (seen_.size() % 10000 == 0) std::fprintf(stderr, "%zu states, %zu to do\n", seen_.size(), queue_.size());
    return world_.audit_error() == 0;
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
  SpecState before_, scratch_;
  std::deque<std::string> queue_;
  std::unordered_set<Digest, DigestHash> seen_;
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
    if (only >= 0 ? only != i : scenarios[static_cast<std::size_t>(i)].large) continue;
    const auto start = std::chrono::steady_clock::now();
    good = redoubt::explorer::Explorer{scenarios[static_cast<std::size_t>(i)]}.run() && good;
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::printf("  %.1f s\n", seconds.count());
  }
  return good ? 0 : 1;
}
