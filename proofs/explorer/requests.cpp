// SPDX-License-Identifier: Apache-2.0
#include "proofs/explorer/requests.hpp"

namespace redoubt::explorer {

namespace {

using Words = std::vector<std::uint64_t>;

constexpr std::uint64_t page(unsigned number) { return kFirstFrame + number; }

constexpr std::uint64_t kVm0 = 0x100;
constexpr std::uint64_t kVm1 = 0x101;
constexpr std::uint64_t kStale = 0x200;  // slot 0, a generation that never comes

// All combinations of the arguments.
void add_all(std::vector<Request>& out, Call call, const std::vector<Words>& choices,
             const std::vector<int>& budgets = {-1}) {
  std::vector<Request> partial{Request{call, {}, -1}};
  for (unsigned i = 0; i < choices.size(); ++i) {
    std::vector<Request> next;
    for (const Request& request : partial) {
      for (const std::uint64_t word : choices[i]) {
        next.push_back(request);
        next.back().x[i] = word;
      }
    }
    partial = next;
  }
  for (Request& request : partial) {
    for (const int budget : budgets) {
      request.hyp_budget = budget;
      out.push_back(request);
    }
  }
}

const Words kVms{kVm0, kVm1, kStale};
const Words kWildFrames{page(0), page(kSpecPages)};

auto with(Words words, const Words& more) -> Words {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// Memory calls on frames 0 and 1 of both halves.
void add_memory(std::vector<Request>& out, const Words& pfns, const Words& rights) {
  const Words gfns{0, 1, kHalf, kHalf + 1};
  const Words all_gfns = with(gfns, {kFrames});
  const Words ends{0, 1, 2, kHalf, kHalf + 1, ~std::uint64_t{0}};
  add_all(out, Call::donate, {kVms, all_gfns, pfns, {1, 2, 512}});
  add_all(out, Call::donate_image, {kVms, all_gfns, pfns});
  add_all(out, Call::share, {kVms, all_gfns, pfns, {1, 512}, rights});
  add_all(out, Call::unshare, {kVms, all_gfns, {0, 1, 2, 512, 513}});
  add_all(out, Call::set_ram, {kVms, all_gfns, {0, 1, 2, ~std::uint64_t{0}}});
  add_all(out, Call::page, {kVms, all_gfns});
  add_all(out, Call::host_fault, {pfns});
  for (const Call call : {Call::release, Call::claim, Call::ripas}) {
    for (const std::uint64_t vm : kVms) {
      for (const std::uint64_t first : all_gfns) {
        for (const std::uint64_t end : ends) {
          const bool modelled = first >= end || end <= 2 || end > kHalf;
          if (modelled) out.push_back(Request{call, {vm, first, end, 0, 0}, -1});
        }
      }
    }
  }
}

// As the spec models set_ram only on its own frames, larger counts are left to the unit tests.
void drop_unmodelled(std::vector<Request>& requests) {
  std::erase_if(requests, [](const Request& r) {
    const bool beyond = r.call == Call::set_ram && r.x[1] < kHalf && r.x[1] + r.x[2] > 2 && r.x[1] + r.x[2] <= kHalf;
    return beyond;
  });
}

void add_life(std::vector<Request>& out, const Words& pfns, const Words& counts) {
  for (const Call call : {Call::finalise, Call::stop, Call::teardown, Call::destroy}) add_all(out, call, {kVms});
  add_all(out, Call::reclaim, {pfns, counts});
  add_all(out, Call::topup, {kVms, pfns}, {-1, 0});
}

void add_vcpus(std::vector<Request>& out, const Words& pfns) {
  add_all(out, Call::vcpu_create, {kVms, {0, 1, 17}, pfns, pfns}, {-1, 0, 1});
  add_all(out, Call::vcpu_load, {kVms, {0, 1, ~std::uint64_t{0}}});
  add_all(out, Call::vcpu_put, {kVms, {0, 1, ~std::uint64_t{0}}});
}

auto topups(std::uint64_t vm, unsigned first, unsigned count) -> std::vector<Request> {
  std::vector<Request> all;
  for (unsigned i = 0; i < count; ++i) all.push_back(Request{Call::topup, {vm, page(first + i), 0, 0, 0}, -1});
  return all;
}

auto create(std::uint64_t flags, unsigned root, unsigned decoy, std::uint64_t vcpus) -> Request {
  return Request{Call::create, {flags, 33, page(root), page(decoy), vcpus}, -1};
}

// `count` pages move between the host, a protected and an ordinary VM that both exist from the start.
auto memory_scenario(unsigned count) -> Scenario {
  Scenario s{"memory: " + std::to_string(count) + " pages, a protected and an ordinary VM", {3, count, 1}, {}, {}};
  s.setup = {create(RD_VM_PROTECTED, 8, 10, 1), create(0, 12, 14, 1)};
  for (const Request& r : topups(kVm0, 16, 4)) s.setup.push_back(r);
  for (const Request& r : topups(kVm1, 20, 2)) s.setup.push_back(r);
  Words pfns = kWildFrames;
  for (unsigned number = 3; number < 3 + count; ++number) pfns.push_back(page(number));
  add_memory(s.requests, pfns, {RD_PROT_W, RD_PROT_R, RD_PROT_R | RD_PROT_W | RD_PROT_X});
  for (const Call call : {Call::finalise, Call::stop, Call::teardown}) add_all(s.requests, call, {kVms});
  add_all(s.requests, Call::reclaim, {pfns, {1, 2}});
  drop_unmodelled(s.requests);
  s.large = count != 4;
  return s;
}

// VMs come and go; six pages serve as roots, decoys, tables, vCPU state and run pages.
auto life_scenario() -> Scenario {
  Scenario s{"life: 6 pages, VMs and vCPUs come and go", {4, 6, 2}, {}, {}};
  // The rest of RAM is out of the way in a VM that the requests do not name.
  const Words pfns = with({page(4), page(5), page(6), page(7), page(8), page(9)}, {page(0), page(kSpecPages)});
  add_all(s.requests, Call::create,
          {{0, RD_VM_PROTECTED, RD_VM_RSI, 8}, {33, 41}, with(pfns, {page(11)}), pfns, {0, 1, 17}}, {-1, 0, 1, 2});
  add_life(s.requests, pfns, {0, 1, 3, 513});
  add_vcpus(s.requests, pfns);
  return s;
}

}  // namespace

auto all_scenarios() -> std::vector<Scenario> {
  return {memory_scenario(4), life_scenario(), memory_scenario(5), memory_scenario(3)};
}

}  // namespace redoubt::explorer
