// SPDX-License-Identifier: Apache-2.0
#include "hyp/cpu/psci_relay.hpp"

#include "arch/arm64/common/barrier.hpp"
#include "arch/arm64/common/sysreg_access.hpp"
#include "arch/arm64/el2/smc.hpp"
#include "hyp/cpu/cpu_boot.hpp"
#include "hyp/cpu/machine_state.hpp"
#include "hyp/cpu/reset.hpp"
#include "hyp/log/log.hpp"

namespace redoubt::hyp {
namespace {

using arm64::Fid;
using arm64::PsciStatus;

// Where a CPU goes on in the host once EL2 runs on it. Whoever sets `claimed` owns it; it stays claimed while the CPU is on.
struct StartSlot {
  std::atomic<std::uint32_t> claimed{0};
  std::uint64_t pc = 0, context = 0;
};

constinit std::array<StartSlot, kMaxCpus> slots{};
constinit std::uint64_t entry_pa = 0;
constexpr std::uint64_t kMpidrMask = 0xff'00ff'ffff;

auto answer(PsciStatus status) noexcept -> std::uint64_t { return static_cast<std::uint64_t>(status); }

auto find_cpu(std::uint64_t mpidr) noexcept -> PerCpu* {
  for (unsigned n = 0; n < cpu_count(); ++n) {
    if ((cpu_at(n).mpidr & kMpidrMask) == mpidr) return &cpu_at(n);
  }
  return nullptr;
}

auto cpu_on(const Context& host, bool smc64) noexcept -> std::uint64_t {
  const auto narrow = [smc64](std::uint64_t value) { return smc64 ? value : value & 0xffff'ffff; };
  auto* const target = find_cpu(narrow(host.x[1]));
  if (target == nullptr) return answer(PsciStatus::INVALID_PARAMETERS);
  auto& slot = slots[target->index];
  std::uint32_t expected = 0;
  if (!slot.claimed.compare_exchange_strong(expected, 1, std::memory_order_acquire)) {
    return answer(target->online.load(std::memory_order_acquire) ? PsciStatus::ALREADY_ON : PsciStatus::ON_PENDING);
  }
  slot.pc = narrow(host.x[2]);
  slot.context = narrow(host.x[3]);
  arm64::dsb_ishst();  // the other CPU must find both
  const auto status =
      arm64::smc(static_cast<std::uint64_t>(Fid::PSCI_CPU_ON64), narrow(host.x[1]), entry_pa, target->index);
  if (status != 0) slot.claimed.store(0, std::memory_order_release);
  return status;
}

auto cpu_off(PerCpu& cpu) noexcept -> std::uint64_t {
  // Free the slot first: once the CPU is off it cannot. A CPU_ON that comes too early is refused by firmware.
  cpu.online.store(false, std::memory_order_release);
  slots[cpu.index].claimed.store(0, std::memory_order_release);
  const auto status = arm64::smc(static_cast<std::uint64_t>(Fid::PSCI_CPU_OFF), 0, 0, 0);
  slots[cpu.index].claimed.store(1, std::memory_order_release);
  cpu.online.store(true, std::memory_order_release);
  return status;
}

// Power-down states lose EL2's registers: the CPU comes back through secondary_entry. The state-id format is the firmware's
// business (PSCI_FEATURES of CPU_SUSPEND), so EL2 prepares for a power-down whatever the host asks for.
auto cpu_suspend(PerCpu& cpu, Fid call, bool smc64) noexcept -> std::uint64_t {
  auto& slot = slots[cpu.index];
  const auto& x = cpu.host.x;
  slot.pc = smc64 ? x[2] : x[2] & 0xffff'ffff;
  slot.context = smc64 ? x[3] : x[3] & 0xffff'ffff;
  const auto status = arm64::smc(static_cast<std::uint64_t>(call), x[1], entry_pa, cpu.index);
  return status;  // came back by itself: a standby state, or refused
}

auto supported(Fid call) noexcept -> bool {
  switch (call) {
    case Fid::PSCI_VERSION:
    case Fid::PSCI_CPU_SUSPEND32:
    case Fid::PSCI_CPU_SUSPEND64:
    case Fid::PSCI_CPU_OFF:
    case Fid::PSCI_CPU_ON32:
    case Fid::PSCI_CPU_ON64:
    case Fid::PSCI_AFFINITY_INFO32:
    case Fid::PSCI_AFFINITY_INFO64:
    case Fid::PSCI_MIGRATE_INFO_TYPE:
    case Fid::PSCI_SYSTEM_OFF:
    case Fid::PSCI_SYSTEM_RESET:
    case Fid::PSCI_FEATURES:
    case Fid::PSCI_SYSTEM_RESET2_32:
    case Fid::PSCI_SYSTEM_RESET2_64:
    case Fid::PSCI_SYSTEM_OFF2_32:
    case Fid::PSCI_SYSTEM_OFF2_64: return true;
    default: return false;
  }
}

// The trap configuration and the ID registers guests see come from the boot CPU's features; a CPU that differs might
// have something that nobody traps.
auto same_features() noexcept -> bool { return read_features() == machine().features; }

}  // namespace

void psci_relay_init(std::uint64_t secondary_entry_pa) noexcept {
  entry_pa = secondary_entry_pa;
  slots[0].claimed.store(1);  // the boot CPU is on
}

void relay_psci(PerCpu& cpu, Fid call) noexcept {
  auto& x = cpu.host.x;
  const bool smc64 = arm64::fid::SMC64::of(static_cast<std::uint64_t>(call)) != 0;
  switch (call) {
    case Fid::PSCI_CPU_ON32:
    case Fid::PSCI_CPU_ON64: x[0] = cpu_on(cpu.host, smc64); return;
    case Fid::PSCI_CPU_OFF: x[0] = cpu_off(cpu); return;
    case Fid::PSCI_CPU_SUSPEND32:
    case Fid::PSCI_CPU_SUSPEND64: x[0] = cpu_suspend(cpu, call, smc64); return;
    case Fid::PSCI_FEATURES:
      // SMCCC_VERSION is EL2's own answer; the rest is what firmware has, as far as it is relayed.
      if (static_cast<Fid>(x[1]) == Fid::SMCCC_VERSION) {
        x[0] = 0;
        return;
      }
      if (x[1] > 0xffff'ffff || !supported(static_cast<Fid>(x[1]))) {
        x[0] = answer(PsciStatus::NOT_SUPPORTED);
        return;
      }
      break;
    case Fid::PSCI_SYSTEM_OFF:
    case Fid::PSCI_SYSTEM_RESET:
    case Fid::PSCI_SYSTEM_RESET2_32:
    case Fid::PSCI_SYSTEM_RESET2_64:
    case Fid::PSCI_SYSTEM_OFF2_32:
    case Fid::PSCI_SYSTEM_OFF2_64:
      x[0] = reset_machine(call, smc64 ? x[1] : x[1] & 0xffff'ffff, smc64 ? x[2] : x[2] & 0xffff'ffff);
      return;
    default:
      if (!supported(call)) {
        x[0] = answer(PsciStatus::NOT_SUPPORTED);
        return;
      }
      break;
  }
  x[0] = arm64::smc(static_cast<std::uint64_t>(call), x[1], x[2], x[3]);
}

extern "C" void secondary_main() noexcept {
  stop_if_resetting();
  auto& cpu = this_cpu();
  auto& slot = slots[cpu.index];
  if (!same_features()) {
    log("CPU {} has other features than the boot CPU: it stays off", cpu.index);
    slot.claimed.store(0, std::memory_order_release);
    (void)arm64::smc(static_cast<std::uint64_t>(Fid::PSCI_CPU_OFF), 0, 0, 0);
    for (;;) asm volatile("wfi");  // firmware that refuses must not let it go on into the host
  }
  init_this_cpu(cpu);
  const auto pc = slot.pc, context = slot.context;
  set_host_entry(cpu, pc, context);
  return_to_context();
}

}  // namespace redoubt::hyp
