// SPDX-License-Identifier: Apache-2.0
#include "hyp/cpu/reset.hpp"

#include <atomic>

#include "arch/arm64/common/barrier.hpp"
#include "arch/arm64/el2/cache.hpp"
#include "hyp/core_state.hpp"
#include "hyp/cpu/per_cpu.hpp"
#include "hyp/log/panic.hpp"
#include "hyp/mm/el2_machine.hpp"

namespace redoubt::hyp {
namespace {

// Written to a page of the carve-out. Neither value is likely in memory that lost its content.
constexpr std::uint64_t kDirty = 0x5265'646f'7562'7401;
constexpr std::uint64_t kClean = 0x5265'646f'7562'74ff;
constexpr std::uint64_t kPatience = 20'000'000;  // polls for other CPUs to leave their guests

constexpr std::atomic<bool>& resetting = el2_closed;
constinit std::atomic<std::uint32_t> stopped{0};
constinit volatile std::uint64_t* marker = nullptr;

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

}  // namespace

auto arm_reset_marker(std::uint64_t marker_va) noexcept -> LastShutdown {
  marker = reinterpret_cast<volatile std::uint64_t*>(marker_va);
  const auto found = *marker;
  bool all_zero = true;
  for (std::uint64_t n = 0; n < kPageSize / 8; ++n) all_zero = all_zero && marker[n] == 0;
  write_marker(kDirty);
  if (found == kClean) return LastShutdown::CLEAN;
  // RAM that was just switched on and initialised holds nobody's secrets.
  return all_zero ? LastShutdown::COLD_BOOT : LastShutdown::DIRTY;
}

void prepare_for_reset() noexcept {
  if (resetting.exchange(true)) {
    for (;;) asm volatile("wfi");
  }
  Locked core{core_state()};
  const unsigned running = cut_guests_off(*core);
  for (std::uint64_t poll = 0; poll < kPatience && stopped.load(std::memory_order_acquire) < running; ++poll) {
    asm volatile("yield");
  }
  wipe_all(*core);
  write_marker(kClean);
  arm64::dsb_sy();
  // Whoever gets the lock now stops before it can use it: stop_if_resetting() comes first on every entry to EL2.
}

void stop_for_good() noexcept {
  if (this_cpu().vcpu != nullptr) stopped.fetch_add(1, std::memory_order_release);
  for (;;) asm volatile("wfi");
}

}  // namespace redoubt::hyp
