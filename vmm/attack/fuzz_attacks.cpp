// SPDX-License-Identifier: Apache-2.0
// Thousands of calls with random arguments, repeatable by --seed. What a host may do to itself is left out: frames are the
// attacker's own, the victim's, EL2's or impossible, never other pages of the host; on the victim's handle there are only
// calls that must be refused, because a host that takes a guest down breaks no promise.
#include <algorithm>
#include <iterator>
#include <random>

#include "vmm/attack/attack.hpp"
#include "vmm/attack/own_vm.hpp"

namespace redoubt::vmm::attack {
namespace {

class Fuzzer {
 public:
  explicit Fuzzer(const Arena& arena)
      : arena_(arena), random_(arena.seed), vms_{OwnVm(arena.device), OwnVm(arena.device)} {
    const std::uint64_t first = arena.device.pages(kOwnOrder).value();
    for (std::uint64_t n = 0; n < 1u << kOwnOrder; ++n) own_.push_back(first + n);
    vms_[0].finalise();
  }

  // Calls that were accepted.
  [[nodiscard]] auto go(unsigned calls) -> unsigned {
    unsigned accepted = 0;
    for (unsigned n = 0; n < calls; ++n) accepted += one() ? 1 : 0;
    return accepted;
  }

  // Own pages that EL2 still has are taken back, so that the next attack finds some.
  void clean_up() {
    std::vector<std::uint64_t> handles = created_;
    for (const OwnVm& vm : vms_) handles.push_back(vm.handle());
    for (const std::uint64_t handle : handles) {
      (void)arena_.device.call(RD_CALL_VM_TEARDOWN, {handle});
      if (arena_.device.call(RD_CALL_VM_INFO, {handle, RD_VM_INFO_MAPPED_PAGES}).x1 == 0) continue;
      for (std::uint64_t gfn = 0; gfn < kMostFrames; gfn += 512)
        (void)arena_.device.call(RD_CALL_MEM_UNSHARE, {handle, gfn, 512});
    }
    // Again and again: table pages come back when the guest has none left, the root when there are no tables.
    for (unsigned pass = 0; pass < 3; ++pass) {
      for (const std::uint64_t page : own_) (void)arena_.device.call(RD_CALL_PAGE_RECLAIM, {page, 1});
      for (OwnVm& vm : vms_) (void)vm.destroy();
    }
    for (const std::uint64_t handle : created_) (void)arena_.device.call(RD_CALL_VM_DESTROY, {handle});
  }

 private:
  static constexpr unsigned kOwnOrder = 6;  // one block: the page beside one of ours is ours, too
  static constexpr std::uint64_t kMostFrames = std::uint64_t{1} << 22;  // of the widest VM that is made here

  [[nodiscard]] auto below(std::uint64_t limit) -> std::uint64_t { return random_() % limit; }

  [[nodiscard]] auto frame() -> std::uint64_t {
    switch (below(8)) {
      case 0: return arena_.target.frames[below(arena_.target.frames.size())].value();
      case 1: return (arena_.device.info(RD_INFO_IMAGE_PA) >> kPageShift) + below(16);
      case 2: return 0x0800'0000u >> kPageShift;
      case 3: return (std::uint64_t{1} << (30 + below(34))) + below(4);
      default: return own_[below(own_.size())];
    }
  }

  [[nodiscard]] auto gfn() -> std::uint64_t {
    switch (below(5)) {
      case 0: return OwnVm::kRamGfn + below(OwnVm::kRamPages);
      case 1: return OwnVm::kSharedGfn + below(64);
      case 2: return below(1ull << 22);
      case 3: return random_();
      default: return (std::uint64_t{1} << below(64)) - below(2);
    }
  }

  [[nodiscard]] auto handle() -> std::uint64_t {
    switch (below(8)) {
      case 0: return random_();
      case 1: return below(1024);
      case 2: return created_.empty() ? 0 : created_[below(created_.size())];
      case 3: return vms_[1].handle();
      default: return vms_[0].handle();
    }
  }

  [[nodiscard]] auto number() -> std::uint64_t { return below(4) == 0 ? random_() : (below(3) == 0 ? 512 : below(20)); }

  // x1..x6 for one call.
  [[nodiscard]] auto arguments(std::uint64_t call) -> std::array<std::uint64_t, 6> {
    switch (call) {
      case RD_CALL_INFO:
      case RD_CALL_CPU_STATE: return {number()};
      case RD_CALL_LOG_READ: return {frame(), random_() >> below(64)};
      case RD_CALL_VM_CREATE: return {below(5), below(8) == 0 ? random_() : 31 + below(4), frame(), frame(), number()};
      case RD_CALL_VM_TOPUP: return {handle(), frame()};
      case RD_CALL_VM_SET_RAM: return {handle(), gfn(), number()};
      case RD_CALL_VCPU_CREATE: return {handle(), number(), frame(), frame()};
      case RD_CALL_MEM_DONATE: return {handle(), gfn(), frame(), number()};
      case RD_CALL_MEM_DONATE_IMAGE: return {handle(), gfn(), frame()};
      case RD_CALL_MEM_SHARE: return {handle(), gfn(), frame(), number(), number()};
      case RD_CALL_MEM_UNSHARE: return {handle(), gfn(), number()};
      case RD_CALL_PAGE_RECLAIM: return {frame(), 1 + below(2) * random_()};
      case RD_CALL_VM_SET_GIC: return {handle(), gfn() << kPageShift, gfn() << kPageShift, number()};
      case RD_CALL_VCPU_RUN: return {handle(), below(4) == 0 ? number() : 0};
      default: return {handle(), number(), number() + RD_REG_X0 * below(2), random_(), random_(), random_()};
    }
  }

  // Ranges of our own pages end where they do: what follows is the kernel's, which would not survive the loss.
  [[nodiscard]] auto within_own(std::uint64_t call, std::array<std::uint64_t, 6> x) const
      -> std::array<std::uint64_t, 6> {
    const bool is_range = call == RD_CALL_MEM_DONATE || call == RD_CALL_MEM_SHARE;
    if (is_range && x[2] >= own_.front() && x[2] <= own_.back()) x[3] = std::min(x[3], own_.back() + 1 - x[2]);
    return x;
  }

  // A VM's end is rare, or nothing would ever be built.
  [[nodiscard]] static auto is_ending(std::uint64_t call) -> bool {
    return call == RD_CALL_VM_TEARDOWN || call == RD_CALL_VM_DESTROY;
  }

  [[nodiscard]] auto one() -> bool {
    // All rows, the numbers beside the table, and the table's numbers with other bits set.
    std::uint64_t call = below(RD_HYPERCALL_LIMIT + 4) - 2;
    if (below(32) == 0) call ^= std::uint64_t{1} << (6 + below(58));
    auto x = within_own(call, arguments(call));
    if (is_ending(call)) x[0] = created_.empty() ? random_() : created_[below(created_.size())];
    // Random numbers must not by chance be what they are not meant to be.
    if (x[0] == arena_.target.handle && call != RD_CALL_PAGE_RECLAIM && call != RD_CALL_LOG_READ) return false;
    const Answer answer = arena_.device.call(call, x);
    if (call == RD_CALL_VM_CREATE && answer.status == 0) created_.push_back(answer.x1);
    return answer.status == 0;
  }

  const Arena& arena_;
  std::mt19937_64 random_;
  OwnVm vms_[2];
  std::vector<std::uint64_t> own_;
  std::vector<std::uint64_t> created_;
};

auto random_calls(const Arena& arena) -> Outcome {
  Fuzzer fuzzer(arena);
  const unsigned accepted = fuzzer.go(arena.fuzz_calls);
  fuzzer.clean_up();
  if (arena.device.call(RD_CALL_VERSION, {}).status != 0) return reached("the hypervisor does not answer any more");
  return blocked("{} calls, {} accepted, all on the attacker's own", arena.fuzz_calls, accepted);
}

// Numbers of no row.
auto unknown_calls(const Arena& arena) -> Outcome {
  constexpr std::uint64_t kUsed[] = {
#define RD_CALL(number, NAME, nargs, args, results, text) number,
#include "abi/hypercall.def"
#undef RD_CALL
  };
  unsigned tried = 0;
  for (std::uint64_t number = 0; number < 256; ++number) {
    if (std::ranges::find(kUsed, number) != std::end(kUsed)) continue;
    ++tried;
    if (arena.device.call(number, {1, 2, 3, 4, 5, 6}).status != -1) return reached("call {:#x} was answered", number);
  }
  return blocked("-1 to each of {}", tried);
}

constexpr Attack kAttacks[] = {
    {.name = "unknown-hypercalls", .what = "call numbers that no row has", .expected = "-1", .outside = unknown_calls},
    {.name = "random-hypercalls",
     .what = "random calls with random arguments",
     .expected = "EL2 and guest stay whole",
     .outside = random_calls},
};

}  // namespace

auto fuzz_attacks() -> std::span<const Attack> { return kAttacks; }

}  // namespace redoubt::vmm::attack
