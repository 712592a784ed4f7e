// SPDX-License-Identifier: Apache-2.0
// The steps of each call as the model has them (steps.txt) are those of the real core on the fake machine: which tables it
// writes, which TLBs it empties, when it wipes, in this order.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <string_view>

#include "core/testing/core_world.hpp"

namespace redoubt::core {
namespace {

using host::Event;
using Kind = Event::Kind;

auto expected_steps() -> std::map<std::string, std::string> {
  std::map<std::string, std::string> steps;
  std::ifstream file{RD_STEPS};
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(": ");
    if (!line.starts_with('#') && colon != std::string::npos) steps[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return steps;
}

// All that the two tests below compare.
constexpr std::string_view kCalls[] = {"guest_claim",  "guest_release",      "guest_release_decoy", "host_abort",
                                       "mem_donate",   "mem_share",          "mem_share_code",      "mem_unshare",
                                       "page_reclaim", "page_reclaim_decoy", "page_reclaim_state",  "vcpu_create",
                                       "vcpu_load",    "vcpu_put",           "vm_teardown"};

class Steps : public testing::Test {
 protected:
  // Runs a call that concerns `page` and answers what it did, as the model's words.
  template <class F>
  auto steps_of(Pfn page, F&& f) -> std::string {
    catch_up();
    const std::size_t first = seen_;
    entries_ = {};
    w.world.watch = [&] { entries_.push_back(w.entry(page)); };
    w.world.watch();
    EXPECT_TRUE(w.call([&](CoreWorld::TestCore& c) { return f(c); }));
    w.world.watch();
    w.world.watch = nullptr;
    const std::vector<Event> events{w.world.history.begin() + static_cast<std::ptrdiff_t>(first),
                                    w.world.history.end()};
    std::vector<std::string> words;
    for (std::size_t i = 0; i <= events.size(); ++i) {
      for (const std::string& word : changes(entries_[i], entries_[i + 1])) add(words, word);
      if (i < events.size()) add(words, word_of(events, i));
    }
    catch_up();
    std::ostringstream line;
    for (const std::string& word : words) line << (&word == words.data() ? "" : "; ") << word;
    return line.str();
  }
  void expect(const std::string& call, const std::string& done) { EXPECT_EQ(done, expected_[call]) << call; }
  template <class F>
  void quietly(F&& f) {
    EXPECT_TRUE(w.call([&](CoreWorld::TestCore& c) { return f(c); }));
  }

  CoreWorld w;
  std::map<std::string, std::string> expected_ = expected_steps();

 private:
  // The page array changes between two events.
  static auto changes(PageEntry before, PageEntry after) -> std::vector<std::string> {
    std::vector<std::string> words;
    if (before.owner() != after.owner()) {
      words.push_back(after.owner() == Owner::host  ? "own_host"
                      : after.owner() == Owner::hyp ? "own_hyp"
                                                    : "own_guest");
    }
    if ((before.borrows() == 0) != (after.borrows() == 0)) words.push_back(after.borrows() != 0 ? "lent" : "unlent");
    if (after.decoy() && !before.decoy()) words.push_back("decoyed");
    return words;
  }
  static void add(std::vector<std::string>& words, const std::string& word) {
    if (!word.empty() && (words.empty() || words.back() != word)) words.push_back(word);
  }
  // Remembers what is in memory, so that a later store can be told from one that changes nothing that is walked.
  void catch_up() {
    for (; seen_ < w.world.history.size(); ++seen_) {
      const Event& event = w.world.history[seen_];
      if (event.kind == Kind::store) memory_[event.first] = event.second;
    }
  }
  auto store_word(const Event& event) -> std::string {
    const Descriptor old = memory_[event.first];
    memory_[event.first] = event.second;
    const Pfn table = pfn_of(Pa{event.first});
    const bool host = table >= CoreWorld::kHypPages && table < CoreWorld::kHypPages + 64;
    const std::string whose = host ? "host" : "guest";
    if (!arm64::s2::valid(event.second)) return arm64::s2::valid(old) ? whose + "_unmap" : "";
    const std::uint64_t index = event.first % kPageSize / sizeof(Descriptor);
    const bool decoy = host && arm64::s2::frame_of(event.second).value() % kBlockPages != index;
    return whose + (decoy ? "_decoy" : "_map");
  }
  // A flush is complete only with everything from enter to leave; the automaton judges the order inside.
  static auto flush_word(const std::vector<Event>& events, std::size_t from) -> std::string {
    bool stage1 = false, stage2 = false, again = false;
    for (std::size_t i = from; events[i].kind != Kind::leave; ++i) {
      stage1 = stage1 || events[i].kind == Kind::tlbi_vmalle1is || events[i].kind == Kind::tlbi_vmalls12e1is;
      stage2 = stage2 || events[i].kind == Kind::tlbi_ipas2e1is || events[i].kind == Kind::tlbi_vmalls12e1is;
      again = again || events[i].kind == Kind::tlbi_repeat;
    }
    if (!stage1 || !stage2 || !again) return "half a flush";
    return events[from].first == 0 ? "host_flush" : "guest_flush";
  }
  auto word_of(const std::vector<Event>& events, std::size_t i) -> std::string {
    switch (events[i].kind) {
      case Kind::store: return store_word(events[i]);
      case Kind::enter: return flush_word(events, i);
      case Kind::wipe: return "wipe";
      case Kind::clean: return "clean";
      case Kind::sync_icache: return "icache";
      case Kind::sync_devices: return "dev_flush";
      case Kind::map_hyp: return "hyp_map";
      case Kind::unmap_hyp: return "hyp_unmap";
      default: return "";
    }
  }

  std::map<std::uint64_t, Descriptor> memory_;
  std::size_t seen_ = 0;
  std::vector<PageEntry> entries_;  // of the page, before each event
};

// One page through a protected VM's life, with its block split for the host and its tables in place, as in the model.
TEST_F(Steps, good_the_model_does_what_core_does) {
  const VmHandle vm = w.make_protected(512);
  const Pfn page = w.fresh_page(), other = w.fresh_page(), state = w.fresh_page(), run = w.fresh_page();
  quietly([&](auto& c) { return mem_donate(c, vm, Gfn{7}, other, 1); });
  expect("vcpu_create", steps_of(state, [&](auto& c) { return vcpu_create(c, vm, VcpuIndex{0}, state, run); }));
  quietly([&](auto& c) { return vm_finalise(c, vm); });
  expect("mem_donate", steps_of(page, [&](auto& c) { return mem_donate(c, vm, Gfn{5}, page, 1); }));
  expect("vcpu_load", steps_of(page, [&](auto& c) { return vcpu_load(c, vm, VcpuIndex{0}); }));
  expect("guest_release", steps_of(page, [&](auto& c) { return guest_release(c, vm, Gfn{5}, Gfn{6}); }));
  const Gfn alias{(std::uint64_t{1} << 20) + 5};
  quietly([&](auto& c) { return mem_share(c, vm, alias, other + 64, 1, RD_PROT_R); });
  quietly([&](auto& c) { return mem_unshare(c, vm, alias, 1); });
  expect("mem_share", steps_of(page, [&](auto& c) { return mem_share(c, vm, alias, page, 1, RD_PROT_R | RD_PROT_W); }));
  expect("guest_claim", steps_of(page, [&](auto& c) { return guest_claim(c, vm, Gfn{5}, Gfn{6}, false); }));
  quietly([&](auto& c) { return mem_donate(c, vm, Gfn{5}, page, 1); });
  expect("vcpu_put", steps_of(page, [&](auto& c) { return vcpu_put(c, vm, VcpuIndex{0}); }));
  expect("vm_teardown", steps_of(page, [&](auto& c) { return vm_teardown(c, vm); }));
  expect("page_reclaim", steps_of(page, [&](auto& c) { return page_reclaim(c, page, 1); }));
  quietly([&](auto& c) { return page_reclaim(c, other, 1); });
  expect("page_reclaim_state", steps_of(state, [&](auto& c) { return page_reclaim(c, state, 1); }));
  EXPECT_EQ(w.entry(run), PageEntry{});
}

TEST_F(Steps, good_decoys_and_borrowed_pages) {
  const VmHandle vm = w.make_protected(512), ordinary = w.make_vm(0);
  const Pfn page = w.fresh_page(), other = w.fresh_page();
  quietly([&](auto& c) { return mem_donate(c, vm, Gfn{7}, other, 1); });
  quietly([&](auto& c) { return mem_donate(c, vm, Gfn{5}, page, 1); });
  const auto fault = [&](auto& c) -> Result<> {
    if (host_fault(c, page) != HostFault::decoy) return Unexpected{Error::PERM};
    return {};
  };
  expect("host_abort", steps_of(page, fault));
  expect("guest_release_decoy", steps_of(page, [&](auto& c) { return guest_release(c, vm, Gfn{5}, Gfn{6}); }));
  quietly([&](auto& c) { return guest_claim(c, vm, Gfn{5}, Gfn{6}, true); });
  quietly([&](auto& c) { return mem_donate(c, vm, Gfn{5}, page, 1); });
  quietly(fault);
  quietly([&](auto& c) { return vm_teardown(c, vm); });
  expect("page_reclaim_decoy", steps_of(page, [&](auto& c) { return page_reclaim(c, page, 1); }));
  quietly([&](auto& c) { return mem_share(c, ordinary, Gfn{7}, w.fresh_page(), 1, RD_PROT_R); });
  expect("mem_share_code",
         steps_of(page, [&](auto& c) { return mem_share(c, ordinary, Gfn{5}, page, 1, RD_PROT_R | RD_PROT_X); }));
  expect("mem_unshare", steps_of(page, [&](auto& c) { return mem_unshare(c, ordinary, Gfn{5}, 1); }));
}

TEST_F(Steps, bad_a_line_that_no_test_compares) {
  for (const auto& [call, steps] : expected_) {
    const bool known = std::ranges::find(kCalls, call) != std::end(kCalls);
    EXPECT_TRUE(known) << call;
  }
  EXPECT_EQ(expected_.size(), std::size(kCalls));
}

}  // namespace
}  // namespace redoubt::core
