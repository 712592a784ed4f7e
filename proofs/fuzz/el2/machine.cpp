// SPDX-License-Identifier: Apache-2.0
#include "proofs/fuzz/el2/machine.hpp"

#include <sys/mman.h>

#include <cstring>
#include <vector>

#include "core/ownership/invariants.hpp"
#include "core/stage2/host_builder.hpp"
#include "hyp/cpu/entropy.hpp"
#include "hyp/cpu/machine_state.hpp"
#include "hyp/cpu/psci_relay.hpp"
#include "hyp/host/host_info.hpp"
#include "hyp/log/log.hpp"
#include "hyp/log/panic.hpp"
#include "hyp/mm/linear_map.hpp"
#include "hyp/mm/window.hpp"
#include "hyp/vcpu/context.hpp"
#include "hyp/vcpu/guest_vm.hpp"

namespace redoubt::fuzz {
namespace {

constexpr std::size_t kGicrBytes = 0x20000;
std::vector<core::PageEntry> entries(kRamPages);
std::vector<core::PageTally> tally(kRamPages);
std::vector<std::uint16_t> mapped(2);
hyp::PerCpu cpu;
hyp::FpState fp_registers;
int map_budget = -1;

void reserve(std::uint64_t address, std::size_t bytes) {
  void* const wanted = reinterpret_cast<void*>(address);
  void* const got =
      mmap(wanted, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  require(got == wanted, "the machine's memory can be mapped where EL2 expects it");
}

void forget(std::uint64_t address, std::size_t bytes) {
  (void)madvise(reinterpret_cast<void*>(address), bytes, MADV_DONTNEED);
}

void build_core() {
  entries.assign(kRamPages, core::PageEntry{});
  mapped.assign(2, 0);
  core::PageDb pages{std::span{entries}};
  const bool added = pages.add_region(kRam, kRamPages).has_value() && pages.pin_for_hyp(kRam, kHypPages).has_value();
  hyp::Core& state = hyp::core_for_boot();
  std::destroy_at(&state);
  std::construct_at(&state);
  state.pages = pages;
  Pfn next = kRam + 2;  // the first two are the leaf tables of the two blocks
  auto alloc = [&next](std::uint64_t count) noexcept -> Result<Pa> {
    const Pfn first = next;
    next = next + count;
    return pa_of(first);
  };
  const core::HostLayout layout{36, pa_of(kRam), std::span{mapped}, false};
  const auto tables = core::build_host_tables(state.machine, state.pages, layout, {}, alloc);
  require(added && tables.has_value(), "the host's tables can be built");
  state.host = *tables;
}

}  // namespace

void power_on() {
  static const bool kReserved = [] {
    reserve(EL2_LINEAR_VA + pa_of(kRam).value(), kRamPages * kPageSize);
    reserve(EL2_DEVICE_VA + kGicr, kGicrBytes);
    return true;
  }();
  require(kReserved, "memory");
  forget(EL2_LINEAR_VA + pa_of(kRam).value(), kRamPages * kPageSize);
  forget(EL2_DEVICE_VA + kGicr, kGicrBytes);
  for (SystemRegister* each : SystemRegister::all()) each->value = 0;
  map_budget = -1;
  hyp::MachineState& machine = hyp::detail::machine_state;
  machine = {};
  machine.features.pfr0 = bit(28);  // RAS: a guest's SError is taken before the host runs
  machine.gic = {4, 0xf8, 27};
  machine.active_words = 1;
  machine.gicr_frames[0] = Pa{kGicr};
  machine.gicr_count = 1;
  machine.max_ipa_bits = 40;
  machine.host_vttbr = kHostVttbr;
  machine.host.hcr = 1;
  machine.guest.hcr = 2;
  std::destroy_at(&cpu);
  std::construct_at(&cpu);
  cpu.context = &cpu.host;
  cpu.gicr_va = EL2_DEVICE_VA + kGicr;
  cpu.mpidr = bit(31);
  cpu.host_fp_live = true;
  RD_WRITE_SYSREG(TPIDR_EL2, reinterpret_cast<std::uint64_t>(&cpu));
  RD_WRITE_SYSREG(VTTBR_EL2, kHostVttbr);
  build_core();
}

auto the_cpu() -> hyp::PerCpu& { return cpu; }
auto page_words(Pfn page) -> std::uint64_t* { return hyp::at_linear<std::uint64_t>(pa_of(page)); }
void set_map_budget(int budget) { map_budget = budget; }
auto broken_invariant() -> unsigned {
  return static_cast<unsigned>(core::audit(hyp::core_for_boot(), std::span{tally}));
}

}  // namespace redoubt::fuzz

extern "C" {
void fp_save(redoubt::hyp::FpState* to) noexcept { *to = redoubt::fuzz::fp_registers; }
void fp_load(const redoubt::hyp::FpState* from) noexcept { redoubt::fuzz::fp_registers = *from; }
void sve_save(void*) noexcept { redoubt::fuzz::broken("this machine has no SVE"); }
void sve_load(const void*) noexcept { redoubt::fuzz::broken("this machine has no SVE"); }
}

namespace redoubt::hyp {

namespace detail {
MachineState machine_state{};
}

void panic(std::string_view reason) noexcept { fuzz::broken(reason); }
void log_line(std::string_view, std::span<const LogArgument>) noexcept {}
auto random_words(std::span<std::uint64_t> out) noexcept -> bool {
  std::fill(out.begin(), out.end(), 0x1234'5678'9abc'def0);
  return true;
}
void relay_psci(PerCpu& host, arm64::Fid) noexcept { host.host.x[0] = ~std::uint64_t{0}; }
auto host_info(std::uint64_t) noexcept -> Result<std::uint64_t> { return Unexpected{Error::INVALID}; }
auto cpu_state(const PerCpu&, std::uint64_t) noexcept -> Result<std::uint64_t> { return Unexpected{Error::INVALID}; }
void log_read(Context& host) noexcept { host.x[0] = static_cast<std::uint64_t>(status_of(Error::INVALID)); }

// The two windows of the CPU: a page's and a block's.
std::uint64_t open_windows[2]{};
Window::Window(Pfn first, std::uint64_t pages) noexcept
    : entry_(&open_windows[pages == 1 ? 0 : 1]), va_(EL2_LINEAR_VA + pa_of(first).value()) {
  fuzz::require(*entry_ == 0, "a window is not open twice");
  *entry_ = 1;
}
Window::~Window() { *entry_ = 0; }

// The registers that core's maintenance of another VM's tables borrows come back unchanged.
void El2Machine::enter(Vmid vmid, Pa root) noexcept {
  fuzz::cpu.saved_vttbr = RD_READ_SYSREG(VTTBR_EL2);
  RD_WRITE_SYSREG(VTTBR_EL2, (vmid.value() << 48) | root.value());
}
void El2Machine::leave() noexcept { RD_WRITE_SYSREG(VTTBR_EL2, fuzz::cpu.saved_vttbr); }
void El2Machine::wipe(Pfn first, std::uint64_t pages) noexcept {
  std::memset(fuzz::page_words(first), 0, pages * kPageSize);
}
void El2Machine::clean(Pfn, std::uint64_t) noexcept {}
void El2Machine::sync_icache() noexcept {}
void El2Machine::sync_devices(Pfn, std::uint64_t) noexcept {}  // there is no SMMU
auto El2Machine::map_hyp(Pfn) noexcept -> Result<> {
  if (fuzz::map_budget == 0) return Unexpected{Error::NO_MEMORY};
  if (fuzz::map_budget > 0) --fuzz::map_budget;
  return {};
}
void El2Machine::unmap_hyp(Pfn) noexcept {}

}  // namespace redoubt::hyp
