// SPDX-License-Identifier: Apache-2.0
// vCPUs: registers that are not the host's to see, one vCPU on two CPUs, a VM taken down or lied to while it runs.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <random>
#include <thread>

#include "abi/error.h"
#include "vmm/attack/attack.hpp"
#include "vmm/attack/cpu_pin.hpp"
#include "vmm/attack/own_vm.hpp"
#include "vmm/vm/failure.hpp"

namespace redoubt::vmm::attack {
namespace {

// Every register by its number: only MPIDR may answer, which the host gave out itself.
auto registers(const Arena& arena) -> Outcome {
  const std::uint64_t handle = arena.target.handle;
  if (handle == 0) return skipped("the victim's handle was not found");
  constexpr std::uint64_t kMpidr = RD_REG_SYS(3, 0, 0, 0, 5);
  unsigned answered = 0;
  const auto try_one = [&](std::uint64_t id) -> Outcome {
    const Answer got = arena.device.call(RD_CALL_VCPU_REG_GET, {handle, 0, id});
    if (arena.target.secret.matches(got.x1) || arena.target.secret.matches(got.x2))
      return reached("register {:#x} is the secret", id);
    if (got.status == 0 && id != kMpidr) return reached("register {:#x} was told", id);
    if (arena.device.call(RD_CALL_VCPU_REG_SET, {handle, 0, id, 0, 0}).status == 0)
      return reached("register {:#x} was set", id);
    ++answered;
    return blocked("");
  };
  for (std::uint64_t id = 0; id < 0x10070; id += id < 0x10000 ? 7 : 1) {
    if (Outcome outcome = try_one(id); outcome.reach == Reach::kReached) return outcome;
  }
  for (const std::uint64_t id : {kMpidr, std::uint64_t{1} << 32 | RD_REG_PC, ~std::uint64_t{0}}) {
    if (Outcome outcome = try_one(id); outcome.reach == Reach::kReached) return outcome;
  }
  if (arena.device.call(RD_CALL_VCPU_INIT, {handle, 0, 0}).status == 0) return reached("VCPU_INIT was accepted");
  return blocked("refused for each of {} registers", answered);
}

auto wrong_index(const Arena& arena) -> Outcome {
  OwnVm vm(arena.device);
  vm.finalise();
  for (const std::uint64_t index : {1ull, 2ull, 15ull, 16ull, 255ull, 1ull << 32, 1ull << 63, ~0ull}) {
    if (vm.call(RD_CALL_VCPU_RUN, {index}).status == 0) return reached("VCPU_RUN of {:#x}", index);
    if (vm.call(RD_CALL_VCPU_REG_GET, {index, RD_REG_PC}).status == 0) return reached("VCPU_REG_GET of {:#x}", index);
    if (vm.call(RD_CALL_VCPU_INIT, {index, 0}).status == 0) return reached("VCPU_INIT of {:#x}", index);
  }
  return blocked("refused each of 8");
}

auto run_too_early(const Arena& arena) -> Outcome {
  const OwnVm vm(arena.device);
  const auto status = vm.run().status;
  return status == 0 ? reached("it ran") : blocked("status {}", status);
}

// The attacker's own guest running on CPU 1, again and again.
class Runner {
 public:
  explicit Runner(OwnVm& vm) : thread_([this, &vm] { loop(vm); }) {}
  Runner(const Runner&) = delete;
  auto operator=(const Runner&) -> Runner& = delete;
  ~Runner() { stop(); }
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] auto ran() const -> unsigned { return ran_; }
  [[nodiscard]] auto busy() const -> unsigned { return busy_; }
  [[nodiscard]] auto other() const -> std::int64_t { return other_; }

 private:
  void loop(OwnVm& vm) {
    const CpuPin pin(1);
    while (!stopping_) {
      const Answer answer = vm.run();
      if (answer.status == 0) {
        ++ran_;
        vm.set32(offsetof(rd_run, request.action), RD_ACTION_MMIO_DONE);
      } else if (answer.status == RD_E_BUSY) {
        ++busy_;
      } else {
        other_ = answer.status;
      }
    }
  }
  std::atomic<bool> stopping_ = false;
  std::atomic<unsigned> ran_ = 0;
  std::atomic<unsigned> busy_ = 0;
  std::atomic<std::int64_t> other_ = 0;
  std::thread thread_;
};

[[nodiscard]] auto two_cpus() -> bool { return CpuPin(1).held(); }

auto run_on_two_cpus(const Arena& arena) -> Outcome {
  if (!two_cpus()) return skipped("one CPU");
  OwnVm vm(arena.device);
  vm.finalise();
  if (!vm.next_report(1000)) return skipped("the guest does not start");
  Runner runner(vm);
  const CpuPin pin(0);
  unsigned mine = 0;
  unsigned busy = 0;
  for (unsigned n = 0; n < 2000; ++n) {
    const auto status = vm.run().status;
    mine += status == 0 ? 1 : 0;
    busy += status == RD_E_BUSY ? 1 : 0;
    if (status != 0 && status != RD_E_BUSY) return reached("VCPU_RUN answered {}", status);
  }
  runner.stop();
  if (runner.other() != 0) return reached("VCPU_RUN answered {}", runner.other());
  if (busy + runner.busy() == 0) return skipped("the two never met ({} and {} runs)", mine, runner.ran());
  return blocked("BUSY {} times, otherwise in turn ({} and {} runs)", busy + runner.busy(), mine, runner.ran());
}

// The guest never leaves by itself, so it is on CPU 1 most of the time; nullopt if it was not at the only moment that counts.
auto teardown_once(const Arena& arena) -> std::optional<Outcome> {
  OwnVm vm(arena.device);
  vm.finalise();
  if (!vm.next_report(1000)) return skipped("the guest does not start");
  Runner runner(vm);
  const CpuPin pin(0);
  while (runner.ran() + runner.busy() < 3) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds{1});  // a run has just ended: the next one must have begun
  unsigned busy = 0;
  std::int64_t status = RD_E_BUSY;
  for (unsigned n = 0; n < 100'000 && status == RD_E_BUSY; ++n) {
    status = vm.call(RD_CALL_VM_TEARDOWN, {}).status;
    busy += status == RD_E_BUSY ? 1 : 0;
  }
  runner.stop();
  if (busy == 0) return std::nullopt;
  const auto after = vm.run().status;
  if (after == 0) return reached("the VM ran after its teardown");
  return blocked("BUSY {} times, then {}; VCPU_RUN after it: {}", busy, status, after);
}

auto teardown_while_loaded(const Arena& arena) -> Outcome {
  if (!two_cpus()) return skipped("one CPU");
  constexpr unsigned kVms = 20;
  for (unsigned n = 0; n < kVms; ++n) {
    if (auto outcome = teardown_once(arena)) return *std::move(outcome);
  }
  return skipped("the vCPU was never loaded at the time, in {} VMs", kVms);
}

// EL2 reads each field once; whatever it reads, the guest and EL2 stay whole.
auto lie_in_run_page(const Arena& arena) -> Outcome {
  if (!two_cpus()) return skipped("one CPU");
  OwnVm vm(arena.device);
  vm.finalise();
  if (!vm.next_report(1000)) return skipped("the guest does not start");
  Runner runner(vm);
  const CpuPin pin(0);
  std::mt19937_64 random(arena.seed);
  constexpr unsigned kWrites = 25'000;
  for (unsigned n = 0; n < kWrites; ++n) {
    const std::uint64_t at = random() % (sizeof(rd_run) / 4) * 4;
    const auto value = static_cast<std::uint32_t>(random() % 4 == 0 ? random() : random() % 64);
    vm.set32(at, value);
    if (n % 16 == 0) vm.set32(offsetof(rd_run, request.nr_spis), static_cast<std::uint32_t>(random()));
  }
  runner.stop();
  const auto status = vm.run().status;
  if (status != 0) return reached("VCPU_RUN answers {} after it", status);
  return blocked("{} lies during {} runs; the guest still runs", kWrites, runner.ran());
}

constexpr Attack kAttacks[] = {
    {.name = "vcpu-registers",
     .what = "VCPU_REG_GET and SET of the victim, all register numbers, and VCPU_INIT",
     .expected = "refused",
     .outside = registers},
    {.name = "vcpu-wrong-index", .what = "a vCPU that does not exist", .expected = "refused", .outside = wrong_index},
    {.name = "vcpu-run-early", .what = "VCPU_RUN before VM_FINALISE", .expected = "refused", .outside = run_too_early},
    {.name = "vcpu-two-cpus",
     .what = "one vCPU is run on two CPUs at once",
     .expected = "BUSY",
     .outside = run_on_two_cpus},
    {.name = "vm-teardown-while-loaded",
     .what = "VM_TEARDOWN while a vCPU is on another CPU",
     .expected = "BUSY",
     .outside = teardown_while_loaded},
    {.name = "run-page-race",
     .what = "the run page is rewritten at random while the vCPU runs",
     .expected = "EL2 and guest stay whole",
     .outside = lie_in_run_page},
};

}  // namespace

auto vcpu_attacks() -> std::span<const Attack> { return kAttacks; }

}  // namespace redoubt::vmm::attack
