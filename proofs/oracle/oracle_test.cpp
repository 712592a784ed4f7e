// SPDX-License-Identifier: Apache-2.0
// The oracle over the real core on the fake machine: silent through long random sequences, and loud about each of several
// planted corruptions.
#include "proofs/oracle/oracle.hpp"

#include <memory>
#include <random>
#include <string>

#include "core/testing/core_world.hpp"
#include "proofs/oracle/perform.hpp"

namespace redoubt::oracle {
namespace {

using core::CoreWorld;
using spec::Call;
using spec::Request;
using TestOracle = Oracle<host::FakeMachine, 8>;

constexpr std::uint64_t kHalf = std::uint64_t{1} << 20;

class OracleTest : public testing::TestWithParam<unsigned> {
 protected:
  // Runs one call under the oracle; the fake machine's own record says what was wiped.
  auto step(const Request& request, bool skip = false) -> bool {
    oracle->begin(w.core, request);
    const std::size_t before = w.world.history.size();
    last = skip ? skipped : perform(w.core, request);
    for (std::size_t i = before; i < w.world.history.size(); ++i) {
      const host::Event& event = w.world.history[i];
      if (event.kind == host::Event::Kind::wipe) oracle->wiped(event.first, event.second);
    }
    return oracle->end(last);
  }
  auto must(const Request& request) -> std::uint64_t {
    EXPECT_TRUE(step(request)) << oracle->words();
    EXPECT_EQ(last.status, 0);
    return last.first;
  }
  // A protected VM with RAM at its first 1024 frames.
  auto protected_vm() -> std::uint64_t {
    const std::uint64_t vm = must({Call::create, {RD_VM_PROTECTED, 33, 0x40002, 0x40004, 1}});
    for (std::uint64_t i = 0; i < 8; ++i) must({Call::topup, {vm, 0x40010 + i}});
    must({Call::set_ram, {vm, 0, 1024}});
    return vm;
  }
  auto words() -> std::string { return std::string{oracle->words()}; }

  CoreWorld w;
  std::unique_ptr<TestOracle> oracle = std::make_unique<TestOracle>();
  Outcome last{};
  Outcome skipped{};
};

class OracleRandom : public OracleTest {
 protected:
  auto pick(std::uint64_t n) -> std::uint64_t { return rng() % n; }
  auto wild() -> bool { return pick(60) == 0; }
  auto vm() -> std::uint64_t { return wild() || handles.empty() ? rng() : handles[pick(handles.size())]; }
  auto pfn() -> std::uint64_t {
    if (wild()) return rng();
    static constexpr std::uint64_t kBases[] = {0x40000, 0x40200, 0x40400, 0x40600, 0x40900};
    return kBases[pick(5)] + (pick(4) == 0 ? pick(512) : pick(12));
  }
  auto gfn() -> std::uint64_t {
    return wild() ? rng() : pick(3) * 512 + (pick(3) == 0 ? 0 : pick(14)) + (pick(3) == 0 ? kHalf : 0);
  }
  auto pages() -> std::uint64_t { return wild() ? rng() : (pick(4) == 0 ? 512 : 1); }
  auto run() -> std::uint64_t { return wild() ? rng() : 1 + pick(pick(3) == 0 ? 300'000 : 16); }

  auto request() -> Request {
    // What makes the other calls possible comes more often.
    static constexpr Call kOften[] = {Call::topup,  Call::topup,   Call::set_ram, Call::claim,
                                      Call::donate, Call::donate,  Call::donate,  Call::share,
                                      Call::share,  Call::reclaim, Call::create};
    const auto call = pick(2) == 0 ? kOften[pick(std::size(kOften))] : static_cast<Call>(pick(spec::kCalls));
    const std::uint64_t frame = gfn();
    switch (call) {
      case Call::create:
        return {call,
                {pick(9) == 0 ? pick(9) : 1 + 2 * pick(2), 33 + (pick(6) == 0 ? pick(8) : 0), pfn() & ~std::uint64_t{1},
                 pfn(), 1 + pick(2)}};
      case Call::topup: return {call, {vm(), pfn()}};
      case Call::vcpu_create: return {call, {vm(), pick(3), pfn(), pfn()}};
      case Call::donate:
      case Call::share: return {call, {vm(), frame, pfn(), pages(), pick(9)}};
      case Call::donate_image: return {call, {vm(), frame, pfn()}};
      case Call::unshare:
      case Call::set_ram: return {call, {vm(), frame, 1 + pick(1200)}};
      case Call::reclaim: return {call, {pfn(), 1 + pick(520)}};
      case Call::release:
      case Call::claim:
      case Call::ripas: return {call, {vm(), frame, frame + run(), pick(2)}};
      case Call::host_fault: return {call, {pfn()}};
      case Call::teardown:
      case Call::stop:
        return pick(9) == 0 ? Request{call, {vm()}} : Request{Call::donate, {vm(), frame, pfn(), pages()}};
      default: return {call, {vm(), pick(3)}};
    }
  }

  // All VMs go, so that the sequence never runs out of pages.
  void clear_out() {
    for (const std::uint64_t handle : handles) {
      const std::uint64_t half = w.core.vms.at(handle & 0xff).private_frames();
      for (std::uint64_t i = 0; i < 2; ++i) judged({Call::vcpu_put, {handle, i}});
      judged({Call::teardown, {handle}});
      for (std::uint64_t at = 0; at < 2048; at += 512) {
        judged({Call::unshare, {handle, at, 512}});
        judged({Call::unshare, {handle, half + at, 512}});
        judged({Call::unshare, {handle, kHalf + at, 512}});
      }
    }
    for (int twice = 0; twice < 2; ++twice) {
      for (std::uint64_t at = 0x40000; at < 0x40c00; ++at) {
        if (w.core.pages.find(Pfn{at}) && !w.entry(Pfn{at}).host_exclusive()) judged({Call::reclaim, {at, 1}});
      }
    }
    for (const std::uint64_t handle : handles) judged({Call::destroy, {handle}});
    handles.clear();
  }
  void judged(const Request& r) {
    ASSERT_TRUE(step(r)) << oracle->words();
    if (last.status == 0) ++done[static_cast<unsigned>(r.call)];
  }

  std::array<unsigned, spec::kCalls> done{};
  std::mt19937_64 rng{GetParam()};
  std::vector<std::uint64_t> handles;
};

TEST_P(OracleRandom, good_core_does_what_is_specified) {
  for (int i = 0; i < 12'000 && !HasFatalFailure(); ++i) {
    if (i % 300 == 299) clear_out();
    w.world.map_hyp_budget = pick(6) == 0 ? static_cast<int>(pick(4)) - 1 : -1;
    const Request r = request();
    if (r.call == Call::create && handles.size() == 4) continue;
    judged(r);
    if (r.call == Call::create && last.status == 0) handles.push_back(last.first);
  }
  EXPECT_TRUE(oracle->survey()) << oracle->words();
  for (unsigned call = 0; call < spec::kCalls; ++call) EXPECT_GT(done[call], 0U) << "call " << call;
}
INSTANTIATE_TEST_SUITE_P(Seeds, OracleRandom, testing::Range(1U, 9U));

TEST_F(OracleTest, good_life_of_a_vm) {
  const std::uint64_t vm = protected_vm();
  must({Call::donate, {vm, 0, 0x40200, 512}});
  must({Call::release, {vm, 5, 9, 0}});  // splits the block
  must({Call::share, {vm, kHalf + 5, 0x40101, 1, 7}});
  must({Call::claim, {vm, 5, 6, 0}});
  must({Call::teardown, {vm}});
  must({Call::host_fault, {0x40201}});
  must({Call::reclaim, {0x40200, 5}});
  EXPECT_TRUE(oracle->survey()) << oracle->words();
  EXPECT_GE(oracle->surveys(), 2U);
}

TEST_F(OracleTest, bad_call_that_does_nothing) {
  const std::uint64_t vm = protected_vm();
  EXPECT_FALSE(step({Call::donate, {vm, 0, 0x40101, 1}}, true));
  EXPECT_NE(words().find("page 0x40101 is the host's; specified is private to VM 0x0"), std::string::npos) << words();
}

TEST_F(OracleTest, bad_page_without_wipe) {
  const std::uint64_t vm = protected_vm();
  oracle->begin(w.core, {Call::donate, {vm, 0, 0x40101, 1}});
  static_cast<void>(perform(w.core, {Call::donate, {vm, 0, 0x40101, 1}}));
  EXPECT_FALSE(oracle->end({}));
  EXPECT_NE(words().find("was not wiped"), std::string::npos) << words();
}

TEST_F(OracleTest, bad_answer) {
  const std::uint64_t vm = protected_vm();
  skipped = {RD_E_PERM};
  EXPECT_FALSE(step({Call::donate, {vm, 0, 0x40101, 1}}, true));
  EXPECT_NE(words().find("the answer is error -0x3, specified is ok"), std::string::npos) << words();
}

// A guest's page becomes executable where it may not, of another memory type, another guest's: a survey finds it.
TEST_F(OracleTest, bad_descriptor_changed_between_calls) {
  const std::uint64_t vm = protected_vm();
  must({Call::share, {vm, kHalf + 1030, 0x40101, 1, 3}});
  const core::GuestEntry entry = core::guest_walk(w.core.machine, w.core.vms.at(0), Gfn{kHalf + 1030});
  for (const std::uint64_t flip : {std::uint64_t{1} << 54, std::uint64_t{1} << 2, std::uint64_t{1} << 12, kOwnedBit}) {
    w.world.ram.word(entry.slot) ^= flip;
    EXPECT_FALSE(oracle->survey()) << "bits " << flip;
    w.world.ram.word(entry.slot) ^= flip;
  }
}

// The host sees a page of a guest again: the next call that looks at the page says so.
TEST_F(OracleTest, bad_guest_page_visible_to_the_host) {
  const std::uint64_t vm = protected_vm();
  must({Call::donate, {vm, 0, 0x40101, 1}});
  const auto place = w.core.pages.find(Pfn{0x40101});
  core::host_map_page(w.core.machine, w.core.host, place->block, Pfn{0x40101});
  EXPECT_TRUE(step({Call::donate, {vm, 1, 0x40102, 1}}) || true);
  EXPECT_FALSE(step({Call::host_fault, {0x40101}}));
  EXPECT_NE(words().find("CONTRADICTED"), std::string::npos) << words();
}

// A VM's record changes while no call runs.
TEST_F(OracleTest, bad_vm_changed_between_calls) {
  const std::uint64_t vm = protected_vm();
  w.core.vms.at(0).pool.push(Pfn{0x40101});
  EXPECT_FALSE(step({Call::donate, {vm, 0, 0x40102, 1}}));
  EXPECT_NE(words().find("between two calls VM 0x0 became"), std::string::npos) << words();
}

}  // namespace
}  // namespace redoubt::oracle
