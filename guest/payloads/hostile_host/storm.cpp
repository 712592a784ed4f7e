// SPDX-License-Identifier: Apache-2.0
// Hypercalls with arguments that are nearly right, from all CPUs at once.
#include "abi/error.h"
#include "arch/arm64/common/sysreg_access.hpp"
#include "guest/payloads/hostile_host/hostile.hpp"
#include "guest/sdk/exceptions.hpp"
#include "guest/sdk/gic.hpp"
#include "guest/sdk/machine.hpp"
#include "guest/sdk/smp.hpp"
#include "guest/sdk/timer.hpp"

namespace redoubt::guest {
namespace {

constexpr unsigned kVms = 6;  // that are worked with at a time
constexpr unsigned kHostTimer = 30;
constexpr std::uint64_t kRunTicks = 2000;

constinit std::atomic<std::uint64_t> handles[RD_MAX_VMS]{};
constinit std::atomic<std::uint64_t> successes[RD_HYPERCALL_LIMIT]{};
constinit std::atomic<unsigned> finished{0};
constinit std::uint64_t storm_seed = 0;
constinit std::uint64_t storm_calls = 0;

void end_vm(std::uint64_t handle) noexcept {
  static_cast<void>(hypercall(RD_CALL_VM_TEARDOWN, handle));
  for (std::uint64_t at = 0; at < 4096; at += 512) {
    static_cast<void>(hypercall(RD_CALL_MEM_UNSHARE, handle, at, 512));
    static_cast<void>(hypercall(RD_CALL_MEM_UNSHARE, handle, (std::uint64_t{1} << 20) + at, 512));
  }
}

// Pages of dead VMs; those that held tables go after those that were mapped.
void give_back() noexcept {
  for (unsigned round = 0; round < 2; ++round) {
    for (std::uint64_t i = 0; i < kArenaPages;) {
      const Answer done = hypercall(RD_CALL_PAGE_RECLAIM, arena().first + i, i % 512 == 0 ? 512 : 32);
      i += done.status == 0 ? done.value : 1;
    }
  }
}

class Caller {
 public:
  explicit Caller(std::uint64_t seed) noexcept : rng_(seed) {}

  void one_call() noexcept {
    static constexpr std::uint8_t kCalls[] = {
        RD_CALL_VERSION,    RD_CALL_INFO,        RD_CALL_LOG_READ,         RD_CALL_CPU_STATE,    RD_CALL_VM_CREATE,
        RD_CALL_VM_CREATE,  RD_CALL_VM_TOPUP,    RD_CALL_VM_TOPUP,         RD_CALL_VM_TOPUP,     RD_CALL_VM_SET_RAM,
        RD_CALL_VM_SET_RAM, RD_CALL_VM_FINALISE, RD_CALL_VM_TEARDOWN,      RD_CALL_VM_DESTROY,   RD_CALL_VM_SET_GIC,
        RD_CALL_VM_INFO,    RD_CALL_VCPU_CREATE, RD_CALL_VCPU_CREATE,      RD_CALL_VCPU_REG_GET, RD_CALL_VCPU_REG_SET,
        RD_CALL_VCPU_RUN,   RD_CALL_VCPU_RUN,    RD_CALL_VCPU_INIT,        RD_CALL_MEM_DONATE,   RD_CALL_MEM_DONATE,
        RD_CALL_MEM_DONATE, RD_CALL_MEM_DONATE,  RD_CALL_MEM_DONATE_IMAGE, RD_CALL_MEM_SHARE,    RD_CALL_MEM_SHARE,
        RD_CALL_MEM_SHARE,  RD_CALL_MEM_UNSHARE, RD_CALL_PAGE_RECLAIM,     RD_CALL_PAGE_RECLAIM, 0x3f};
    if (rng_.one_in(1500)) bury();
    if (rng_.one_in(8)) scribble();
    const std::uint64_t number = kCalls[rng_.pick(sizeof kCalls)];
    if (number == RD_CALL_VM_TEARDOWN && !rng_.one_in(20)) return;
    const Answer answer = noted(number, make(number));
    if (number != RD_CALL_VM_CREATE || answer.status != 0) return;
    handles[answer.value % RD_MAX_VMS] = answer.value;
    if (!rng_.one_in(8)) bring_up(answer.value);
  }

 private:
  // With this much done, most kinds of calls can succeed.
  void bring_up(std::uint64_t handle) noexcept {
    for (unsigned n = 0; n < 8; ++n) noted(RD_CALL_VM_TOPUP, hypercall(RD_CALL_VM_TOPUP, handle, frame()));
    noted(RD_CALL_VM_SET_RAM, hypercall(RD_CALL_VM_SET_RAM, handle, 0, 1024 + rng_.pick(512)));
    noted(RD_CALL_VCPU_CREATE, hypercall(RD_CALL_VCPU_CREATE, handle, 0, frame(), frame()));
    if (rng_.one_in(2)) return;
    for (unsigned n = 0; n < 4; ++n)
      noted(RD_CALL_MEM_DONATE_IMAGE, hypercall(RD_CALL_MEM_DONATE_IMAGE, handle, n, frame()));
    noted(RD_CALL_VM_FINALISE, hypercall(RD_CALL_VM_FINALISE, handle));
  }
  // A VM goes wholly, or as far as the other CPUs let it.
  void bury() noexcept {
    const std::uint64_t handle = handles[rng_.pick(kVms)];
    end_vm(handle);
    give_back();
    noted(RD_CALL_VM_DESTROY, hypercall(RD_CALL_VM_DESTROY, handle));
  }
  // While other CPUs give pages away: what is written must reach no new owner.
  void scribble() noexcept {
    const std::uint64_t address = (arena().first + rng_.pick(kArenaPages)) << 12 | rng_.pick(512) << 3;
    static_cast<void>(expecting_abort([=] { *reinterpret_cast<volatile std::uint64_t*>(address) = address; }));
  }
  static auto noted(std::uint64_t number, const Answer& answer) noexcept -> Answer {
    if (answer.status == 0) successes[number].fetch_add(1, std::memory_order_relaxed);
    return answer;
  }
  [[nodiscard]] auto wild(std::uint64_t value) noexcept -> std::uint64_t {
    if (!rng_.one_in(64)) return value;
    return rng_.one_in(2) ? rng_.next() : value ^ std::uint64_t{1} << rng_.pick(64);
  }
  [[nodiscard]] auto vm() noexcept -> std::uint64_t { return wild(handles[rng_.pick(kVms)]); }
  // Arena, now and then EL2's own; never other pages of ours, which the host would lose.
  [[nodiscard]] auto frame() noexcept -> std::uint64_t {
    const Arena& a = arena();
    if (rng_.one_in(40)) return a.closed + rng_.pick(a.closed_run);
    if (rng_.one_in(40)) return rng_.next() | std::uint64_t{1} << 40;
    const std::uint64_t block = rng_.pick(4) * 512;
    return a.first + block + (rng_.one_in(4) ? rng_.pick(512) : rng_.pick(24));
  }
  [[nodiscard]] auto gfn() noexcept -> std::uint64_t {
    const std::uint64_t half = rng_.one_in(3) ? std::uint64_t{1} << 20 : 0;
    return wild(half + rng_.pick(3) * 512 + (rng_.one_in(3) ? 0 : rng_.pick(14)));
  }
  [[nodiscard]] auto pages() noexcept -> std::uint64_t { return wild(rng_.one_in(4) ? 512 : 1); }
  [[nodiscard]] auto block(std::uint64_t number, std::uint64_t pages) noexcept -> std::uint64_t {
    return pages == 512 ? number & ~std::uint64_t{511} : number;
  }

  [[nodiscard]] auto make(std::uint64_t number) noexcept -> Answer {
    switch (number) {
      case RD_CALL_INFO: return hypercall(number, rng_.pick(20));  // not the keys that plant faults
      case RD_CALL_LOG_READ: return hypercall(number, frame(), wild(rng_.pick(1 << 16)));
      case RD_CALL_VM_CREATE: return create();
      case RD_CALL_VM_SET_RAM: return hypercall(number, vm(), gfn(), wild(1 + rng_.pick(1500)));
      case RD_CALL_VM_SET_GIC:
        return hypercall(number, vm(), wild(0x800'0000), wild(0x80a'0000), wild(rng_.pick(2) * 64));
      case RD_CALL_VM_TOPUP: return hypercall(number, vm(), frame());
      case RD_CALL_VCPU_RUN: return run();
      case RD_CALL_VCPU_CREATE: return hypercall(number, vm(), wild(rng_.pick(2)), frame(), frame());
      case RD_CALL_VCPU_REG_SET:
        return hypercall(number, vm(), wild(rng_.pick(2)), register_id(), rng_.next(), rng_.next());
      case RD_CALL_VCPU_REG_GET: return hypercall(number, vm(), wild(rng_.pick(2)), register_id());
      case RD_CALL_MEM_DONATE:
      case RD_CALL_MEM_SHARE: {
        const std::uint64_t n = pages();
        return hypercall(number, vm(), block(gfn(), n), block(frame(), n), n, rng_.pick(9));
      }
      case RD_CALL_MEM_DONATE_IMAGE: return hypercall(number, vm(), gfn(), frame());
      case RD_CALL_MEM_UNSHARE: return hypercall(number, vm(), gfn(), wild(1 + rng_.pick(513)));
      case RD_CALL_PAGE_RECLAIM: return hypercall(number, frame(), wild(rng_.one_in(8) ? 512 : 1 + rng_.pick(30)));
      default: return hypercall(number, vm(), wild(rng_.pick(4)), wild(rng_.pick(4)));
    }
  }
  [[nodiscard]] auto create() noexcept -> Answer {
    static constexpr std::uint64_t kFlags[] = {0, RD_VM_PROTECTED, RD_VM_PROTECTED | RD_VM_RSI};
    if (info(RD_INFO_VMS) >= kVms) return {RD_E_BUSY, 0};
    return hypercall(RD_CALL_VM_CREATE, wild(kFlags[rng_.pick(3)]), wild(33), frame() & ~std::uint64_t{1}, frame(),
                     wild(1 + rng_.pick(2)));
  }
  // A guest may loop for ever: the host's timer ends the run.
  [[nodiscard]] auto run() noexcept -> Answer {
    RD_WRITE_SYSREG(CNTP_TVAL_EL0, kRunTicks);
    RD_WRITE_SYSREG(CNTP_CTL_EL0, 1);
    arm64::isb();
    const Answer answer = hypercall(RD_CALL_VCPU_RUN, vm(), wild(rng_.pick(2)));
    RD_WRITE_SYSREG(CNTP_CTL_EL0, 0);
    arm64::isb();
    return answer;
  }
  [[nodiscard]] auto register_id() noexcept -> std::uint64_t {
    return rng_.one_in(3) ? 0xc000 | rng_.pick(0x4000) : 0x10000 + rng_.pick(0x70);
  }

  Random rng_;
};

void storm_on_this_cpu(unsigned index) noexcept {
  const bool can_run = gic::init_cpu();
  if (can_run) gic::enable(gic::Intid{kHostTimer}, gic::kPriorityNormal);
  Caller caller{storm_seed * 64 + index};
  for (std::uint64_t n = 0; n < storm_calls; ++n) caller.one_call();
  ++finished;
}

}  // namespace

void storm(Report& report, std::uint64_t seed, std::uint64_t calls) noexcept {
  storm_seed = seed;
  storm_calls = calls;
  gic::init_distributor(nullptr);
  const unsigned cpus = machine().cpu_count;
  bool started = true;
  for (unsigned i = 1; i < cpus; ++i) {
    started = start_cpu(i, storm_on_this_cpu) == arm64::PsciStatus::SUCCESS && started;
  }
  report.check(started, "all CPUs take part");
  storm_on_this_cpu(0);
  while (finished < cpus) arm64::yield();
  unsigned used = 0;
  for (unsigned n = 0; n < RD_HYPERCALL_LIMIT; ++n) {
    const std::uint64_t count = successes[n];
    used += count != 0 ? 1 : 0;
    if (count != 0) print("call {x} succeeded {} times\n", n, count);
  }
  report.check(used >= 10, "many kinds of calls succeed");
}

void clear_up(Report& report) noexcept {
  for (const auto& handle : handles) end_vm(handle);
  give_back();
  for (const auto& handle : handles) static_cast<void>(hypercall(RD_CALL_VM_DESTROY, handle));
  report.equal(info(RD_INFO_VMS), 0, "no VM is left");
  report.equal(info(RD_INFO_PAGES_GUEST), 0, "no page is a guest's");
  report.equal(info(RD_INFO_PAGES_HYP), 0, "no donated page is left with EL2");
  report.equal(info(RD_INFO_PAGES_BORROWED), 0, "no page is borrowed");
}

}  // namespace redoubt::guest
