// SPDX-License-Identifier: Apache-2.0
// Forged interrupts. The guest is the attacker's own (own_guest.S): it enables all of INTID 0..31 and SPI 40, and reports each
// interrupt it takes, so that a forged one cannot stay unnoticed.
#include <cstddef>
#include <vector>

#include "vmm/attack/attack.hpp"
#include "vmm/attack/cpu_pin.hpp"
#include "vmm/attack/own_vm.hpp"

namespace redoubt::vmm::attack {
namespace {

constexpr std::uint32_t kReady = 0x7000;
constexpr std::uint32_t kWanted = 40;  // the SPI that the guest enables
constexpr unsigned kTries = 60;
constexpr std::uint32_t kFlags = RD_SPI_PENDING | RD_SPI_GROUP1;

// Puts these requests into the run page.
void request(const OwnVm& vm, const std::vector<std::uint32_t>& intids, std::uint32_t flags = kFlags) {
  for (std::size_t n = 0; n < intids.size(); ++n) {
    const std::size_t at = offsetof(rd_run, request.spi) + n * sizeof(rd_spi_request);
    vm.set32(at + offsetof(rd_spi_request, intid), intids[n]);
    vm.set32(at + offsetof(rd_spi_request, flags), flags);
    vm.set32(at + offsetof(rd_spi_request, priority), 0x80);
  }
  vm.set32(offsetof(rd_run, request.nr_spis), static_cast<std::uint32_t>(intids.size()));
}

[[nodiscard]] auto started(OwnVm& vm) -> bool {
  vm.finalise();
  return vm.next_report(1000) == kReady;
}

// Requests each INTID in turn; none may arrive.
[[nodiscard]] auto none_arrives(const Arena& arena, const std::vector<std::uint32_t>& intids) -> Outcome {
  OwnVm vm(arena.device);
  if (!started(vm)) return skipped("the guest does not start");
  for (const std::uint32_t intid : intids) {
    request(vm, {intid});
    if (const auto got = vm.next_report(4)) return reached("the guest took {} when {} was requested", *got, intid);
  }
  request(vm, {kWanted});
  const auto last = vm.next_report(kTries);
  if (last != kWanted) return reached("afterwards a proper interrupt does not arrive");
  return blocked("none of {} arrived, a proper one after them did", intids.size());
}

auto proper_interrupt(const Arena& arena) -> Outcome {
  OwnVm vm(arena.device);
  if (!started(vm)) return blocked("the guest does not start");
  request(vm, {kWanted});
  const auto got = vm.next_report(kTries);
  return got == kWanted ? reached("it arrived") : blocked("it did not arrive");
}

auto forge_private(const Arena& arena) -> Outcome {
  std::vector<std::uint32_t> intids;
  for (std::uint32_t n = 0; n < 32; ++n) intids.push_back(n);
  return none_arrives(arena, intids);
}

auto forge_beyond(const Arena& arena) -> Outcome {
  return none_arrives(arena, {OwnVm::kNrIrqs, OwnVm::kNrIrqs + 1, 1019, 1020, 1021, 1022, 1023, 1024, 4096, 8192, 8193,
                              0x1'0028, 0x100'0028, 0x8000'0028, 0xffff'ffff});
}

auto forge_unwanted(const Arena& arena) -> Outcome { return none_arrives(arena, {32, 33, 39, 41, 64, 95}); }

// One interrupt asked for sixteen times at once is one interrupt: two copies in list registers are unpredictable.
auto duplicate(const Arena& arena) -> Outcome {
  OwnVm vm(arena.device);
  if (!started(vm)) return skipped("the guest does not start");
  request(vm, std::vector<std::uint32_t>(RD_RUN_MAX_SPIS, kWanted));
  const Answer answer = vm.run();
  unsigned accepted = 0;
  for (std::size_t n = 0; n < RD_RUN_MAX_SPIS; ++n) {
    accepted += (vm.get32(offsetof(rd_run, exit.spi_status) + n * 4) & RD_SPI_IN_FLIGHT) != 0 ? 1 : 0;
  }
  request(vm, {});
  if (answer.status != 0) return blocked("status {}", answer.status);
  return accepted > 1 ? reached("{} copies were accepted", accepted) : blocked("{} of 16 copies accepted", accepted);
}

// The host's own use of the virtual timer, switched on just before the guest is entered.
auto forge_timer(const Arena& arena) -> Outcome {
  OwnVm vm(arena.device);
  if (!started(vm)) return skipped("the guest does not start");
  rd_attack_call call{};
  call.flags = RD_ATTACK_FORGE_TIMER;
  for (const std::uint32_t ctl : {1u, 3u}) {
    call.cntv_ctl = ctl;
    if (const auto got = vm.next_report(20, call)) return reached("the guest took {}", *got);
  }
  return blocked("the guest took nothing in 40 runs");
}

constexpr std::uint64_t kSgiFrame = 0x080a'0000 + 0x1'0000;  // of CPU 0 of QEMU's virt board

// The physical redistributor's pending and active bits of the timer's interrupt, set just before the guest is entered.
[[nodiscard]] auto forge_in_redistributor(const Arena& arena, std::uint64_t set, std::uint64_t clear,
                                          std::uint32_t bits) -> Outcome {
  OwnVm vm(arena.device);
  if (!started(vm)) return skipped("the guest does not start");
  const CpuPin pin(0);
  rd_attack_call call{};
  call.flags = RD_ATTACK_POKE;
  call.poke_pa = kSgiFrame + set;
  call.unpoke_pa = kSgiFrame + clear;
  call.poke_value = bits;
  if (const auto got = vm.next_report(20, call)) return reached("the guest took {}", *got);
  request(vm, {kWanted});
  if (vm.next_report(kTries) != kWanted) return reached("afterwards a proper interrupt does not arrive");
  return blocked("the guest took nothing in 20 runs");
}

auto pend_timer(const Arena& arena) -> Outcome { return forge_in_redistributor(arena, 0x200, 0x280, 1u << 27); }
auto activate_timer(const Arena& arena) -> Outcome { return forge_in_redistributor(arena, 0x300, 0x380, 1u << 27); }
auto disable_timer(const Arena& arena) -> Outcome { return forge_in_redistributor(arena, 0x180, 0x100, 1u << 27); }
auto pend_sgis(const Arena& arena) -> Outcome { return forge_in_redistributor(arena, 0x200, 0x280, 0xff00); }

constexpr std::string_view kNothing = "the guest takes nothing";

constexpr Attack kAttacks[] = {
    {.name = "control-spi",
     .what = "the host asks for the SPI that the guest enabled",
     .expected = "arrives",
     .outside = proper_interrupt},
    {.name = "forge-sgi-ppi",
     .what = "the host asks for INTIDs 0 to 31: SGIs, timer, other PPIs",
     .expected = kNothing,
     .outside = forge_private},
    {.name = "forge-beyond-nr-irqs",
     .what = "the host asks for INTIDs that do not exist, and for such that wrap to others",
     .expected = kNothing,
     .outside = forge_beyond},
    {.name = "forge-not-enabled",
     .what = "the host asks for SPIs that the guest did not enable",
     .expected = kNothing,
     .outside = forge_unwanted},
    {.name = "spi-duplicates",
     .what = "the host asks for one SPI sixteen times at once",
     .expected = "one copy",
     .outside = duplicate},
    {.name = "host-cntv",
     .what = "the host programs the virtual timer before it enters the guest",
     .expected = kNothing,
     .outside = forge_timer},
    {.name = "gicr-pend-timer",
     .what = "the host makes the timer's interrupt pending in the redistributor",
     .expected = kNothing,
     .outside = pend_timer},
    {.name = "gicr-activate-timer",
     .what = "the host makes the timer's interrupt active in the redistributor",
     .expected = kNothing,
     .outside = activate_timer},
    {.name = "gicr-disable-timer",
     .what = "the host disables the timer's interrupt in the redistributor",
     .expected = kNothing,
     .outside = disable_timer},
    {.name = "gicr-pend-sgi",
     .what = "the host makes SGIs 8 to 15 pending in the redistributor",
     .expected = kNothing,
     .outside = pend_sgis},
};

}  // namespace

auto interrupt_attacks() -> std::span<const Attack> { return kAttacks; }

}  // namespace redoubt::vmm::attack
