// SPDX-License-Identifier: Apache-2.0
#include "hyp/cpu/reset.hpp"

#include <atomic>

#include "arch/arm64/common/barrier.hpp"
#include "arch/arm64/el2/cache.hpp"
#include "arch/arm64/el2/smc.hpp"
#include "hyp/core_state.hpp"
#include "hyp/cpu/entropy.hpp"
#include "hyp/cpu/per_cpu.hpp"
#include "hyp/cpu/power_call.hpp"
#include "hyp/log/log.hpp"
#include "hyp/log/panic.hpp"
#include "hyp/mm/el2_machine.hpp"

namespace redoubt::hyp {
namespace {

using arm64::Fid;
using arm64::PsciStatus;

constexpr std::uint64_t kPatience = 20'000'000;  // polls for other CPUs to leave their guests

constexpr std::atomic<bool>& resetting = el2_closed;
constinit std::atomic<std::uint32_t> stopped{0};
constinit volatile std::uint64_t* marker = nullptr;
constinit bool firmware_protects = false;  // MEM_PROTECT is on

auto answer(PsciStatus status) noexcept -> std::uint64_t { return static_cast<std::uint64_t>(status); }

auto firmware(Fid call, std::uint64_t a1 = 0, std::uint64_t a2 = 0) noexcept -> std::uint64_t {
  return arm64::smc(static_cast<std::uint64_t>(call), a1, a2, 0);
}

// PSCI results are 32 bits wide and negative for "no".
auto firmware_has(Fid call) noexcept -> bool {
  return (firmware(Fid::PSCI_FEATURES, static_cast<std::uint64_t>(call)) & bit(31)) == 0;
}

void write_marker(std::uint64_t value) noexcept {
  *marker = value;
  arm64::clean_invalidate_to_poc(const_cast<std::uint64_t*>(marker), 8);
}

// Takes the guests' memory away from guests that still run on other CPUs: their next access comes to EL2, which stops.
auto cut_guests_off(Core& core) noexcept -> unsigned {
  unsigned loaded = 0;
  for (std::uint32_t slot = 0; slot < core::VmTable::kSlots; ++slot) {
    auto& vm = core.vms.at(slot);
    // Without a vCPU on some CPU nothing can run, and the tables of a dead VM may have gone back to the host already.
    if (vm.state == core::VmState::free || vm.loaded_vcpus == 0) continue;
    loaded += vm.loaded_vcpus;
    for (std::uint64_t at = 0; at < RD_VM_ROOT_PAGES * kPageSize; at += 8) core.machine.store(vm.root + at, 0);
  }
  arm64::dsb_ishst();
  arm64::tlbi_alle1is();
  arm64::dsb_ish();
  core.machine.tlbi_repeat();  // or a store of a guest could come after the wipe of its page
  return loaded;
}

void wipe_all(Core& core) noexcept {
  for (const auto& region : core.pages.regions()) {
    for (std::uint64_t n = 0; n < region.count; ++n) {
      const auto entry = core.pages.at(core::PageIndex{region.index_base + n});
      const bool donated = entry.owner() == core::Owner::hyp && !entry.pinned();
      if (entry.owner() == core::Owner::guest || donated) core.machine.wipe(region.first + n, 1);
    }
  }
}

// The core lock is taken and never given back: a CPU that was about to wait for it finds nothing that it could use.
[[noreturn]] void wipe_and_go(Fid call, std::uint64_t type, std::uint64_t cookie) noexcept {
  Locked core{core_state()};
  const unsigned running = cut_guests_off(*core);
  for (std::uint64_t poll = 0; poll < kPatience && stopped.load(std::memory_order_acquire) < running; ++poll) {
    asm volatile("yield");
  }
  wipe_all(*core);
  entropy_forget();
  write_marker(kMarkerClean);
  if (firmware_protects) (void)firmware(Fid::PSCI_MEM_PROTECT, 0);
  arm64::dsb_sy();
  (void)firmware(call, type, cookie);
  // Refused against its own word. Going on is not possible: the nearest thing that must exist.
  (void)firmware(turns_off(call) ? Fid::PSCI_SYSTEM_OFF : Fid::PSCI_SYSTEM_RESET);
  for (;;) asm volatile("wfi");
}

}  // namespace

auto arm_reset_marker(std::uint64_t marker_va) noexcept -> LastRun {
  marker = reinterpret_cast<volatile std::uint64_t*>(marker_va);
  const auto found = *marker;
  bool all_zero = true;
  for (std::uint64_t n = 0; n < kPageSize / 8; ++n) all_zero = all_zero && marker[n] == 0;
  arm64::zero_page(marker_va);
  arm64::clean_invalidate_to_poc(reinterpret_cast<const void*>(marker_va), kPageSize);
  write_marker(kMarkerDirty);
  bool protected_before = false;
  if (firmware_has(Fid::PSCI_MEM_PROTECT)) {
    const auto before = firmware(Fid::PSCI_MEM_PROTECT, 1) & 0xffff'ffff;
    firmware_protects = before <= 1;
    protected_before = before == 1;
    if (firmware_protects) log("firmware overwrites memory if this run ends without the hypervisor (MEM_PROTECT)");
  }
  return last_run(found, all_zero, protected_before);
}

auto reset_machine(Fid call, std::uint64_t type, std::uint64_t cookie) noexcept -> std::uint64_t {
  if (optional_power_call(call)) {
    if (!firmware_has(call)) return answer(PsciStatus::NOT_SUPPORTED);
    if (!valid_power_arguments(call, type, cookie)) return answer(PsciStatus::INVALID_PARAMETERS);
  }
  if (resetting.exchange(true)) {
    for (;;) asm volatile("wfi");
  }
  wipe_and_go(call, type, cookie);
}

void stop_for_good() noexcept {
  if (this_cpu().vcpu != nullptr) stopped.fetch_add(1, std::memory_order_release);
  for (;;) asm volatile("wfi");
}

}  // namespace redoubt::hyp
