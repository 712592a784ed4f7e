// SPDX-License-Identifier: Apache-2.0
// Long random call sequences with biased and with wild arguments; CoreWorld judges every call.
#include <random>

#include "core/testing/core_world.hpp"

namespace redoubt::core {
namespace {

using TestCore = CoreWorld::TestCore;

constexpr std::uint64_t kHalf = std::uint64_t{1} << 20;
constexpr int kCalls = 1500;

class Random : public testing::TestWithParam<unsigned> {
 protected:
  auto pick(std::uint64_t n) -> std::uint64_t { return std::uniform_int_distribution<std::uint64_t>{0, n - 1}(rng); }
  auto wild() -> bool { return pick(40) == 0; }

  auto some_pfn() -> Pfn {
    if (wild()) return Pfn{rng()};
    static constexpr Pfn kBases[] = {Pfn{0x40000}, Pfn{0x40200}, Pfn{0x40400}, Pfn{0x40600}, Pfn{0x40900}};
    return kBases[pick(5)] + (pick(4) == 0 ? pick(512) : pick(12));
  }
  auto some_gfn() -> Gfn {
    if (wild()) return Gfn{rng()};
    const std::uint64_t block = pick(3) * 512;
    return Gfn{block + (pick(3) == 0 ? 0 : pick(14)) + (pick(3) == 0 ? kHalf : 0)};
  }
  auto some_pages() -> std::uint64_t { return wild() ? rng() : (pick(4) == 0 ? 512 : 1); }
  auto some_run() -> std::uint64_t { return wild() ? rng() : 1 + pick(pick(3) == 0 ? 1024 : 16); }
  auto some_vm() -> VmHandle {
    if (wild() || handles.empty()) return VmHandle{rng()};
    return handles[pick(handles.size())];
  }
  void keep(const Result<VmHandle>& handle) {
    if (!handle) return;
    if (handles.size() == 6) handles.erase(handles.begin());
    handles.push_back(*handle);
  }

  auto create(TestCore& c) -> Result<VmHandle> {
    const Pfn root{some_pfn().value() & ~std::uint64_t{1}};
    return vm_create(c, VmParams{pick(5), 33 + pick(8), root, some_pfn(), pick(3)});
  }
  auto memory_call(TestCore& c) -> bool {
    const Gfn gfn = some_gfn();
    switch (pick(9)) {
      case 0: return mem_donate(c, some_vm(), gfn, some_pfn(), 1).has_value();
      case 1: return mem_donate(c, some_vm(), gfn, some_pfn(), some_pages()).has_value();
      case 2: return mem_donate_image(c, some_vm(), gfn, some_pfn(), [](Pfn) noexcept {}).has_value();
      case 3: return mem_share(c, some_vm(), gfn, some_pfn(), some_pages(), pick(9)).has_value();
      case 4: return mem_unshare(c, some_vm(), gfn, some_run()).has_value();
      case 5: return guest_release(c, some_vm(), gfn, gfn + some_run()).has_value();
      case 6: return guest_claim(c, some_vm(), gfn, gfn + some_run(), pick(2) == 0).has_value();
      case 7: return vm_set_ram(c, some_vm(), gfn, some_run()).has_value();
      default: return host_fault(c, some_pfn()) == HostFault::decoy;
    }
  }
  auto life_call(TestCore& c) -> bool {
    const VcpuIndex vcpu{pick(3)};
    switch (pick(9)) {
      case 0: return vm_finalise(c, some_vm()).has_value();
      case 1: return pick(4) == 0 && vm_stop(c, some_vm()).has_value();
      case 2: return pick(3) == 0 && vm_teardown(c, some_vm()).has_value();
      case 3: return vm_destroy(c, some_vm()).has_value();
      case 4: return vcpu_create(c, some_vm(), vcpu, some_pfn(), some_pfn()).has_value();
      case 5: return vcpu_load(c, some_vm(), vcpu).has_value();
      case 6: return vcpu_put(c, some_vm(), vcpu).has_value();
      case 7: return vm_topup(c, some_vm(), some_pfn()).has_value();
      default: return page_reclaim(c, some_pfn(), some_run()).has_value();
    }
  }
  // As call() wants it: an error is a failed Result.
  static auto result_of(bool ok) -> Result<> { return ok ? Result<>{} : Result<>{Unexpected{Error::INVALID}}; }

  std::mt19937_64 rng{GetParam()};
  std::vector<VmHandle> handles;
  CoreWorld w{40, GetParam() % 2 == 0};
};

TEST_P(Random, good_no_sequence_breaks_the_rules) {
  int done = 0;
  for (int i = 0; i < kCalls && !HasFailure(); ++i) {
    if (pick(6) == 0) w.world.map_hyp_budget = static_cast<int>(pick(4)) - 1;
    const std::uint64_t kind = pick(12);
    bool ok = false;
    if (kind == 0) {
      const auto handle = w.call([&](TestCore& c) { return create(c); });
      keep(handle);
      ok = handle.has_value();
    } else if (kind < 8) {
      ok = w.call([&](TestCore& c) { return result_of(memory_call(c)); }).has_value();
    } else {
      ok = w.call([&](TestCore& c) { return result_of(life_call(c)); }).has_value();
    }
    done += ok ? 1 : 0;
  }
  EXPECT_GT(done, kCalls / 20) << "the sequence must do something";
}
INSTANTIATE_TEST_SUITE_P(Seeds, Random, testing::Range(1U, 7U));

}  // namespace
}  // namespace redoubt::core
