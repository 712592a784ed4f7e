// SPDX-License-Identifier: Apache-2.0
#include "proofs/fuzz/el2/world.hpp"

#include "arch/arm64_defs/esr.hpp"
#include "hyp/host/host_traps.hpp"
#include "hyp/mm/linear_map.hpp"
#include "hyp/vcpu/guest_traps.hpp"

namespace redoubt::fuzz {
namespace {

using arm64::ExceptionClass;

constexpr std::uint64_t kHalf = std::uint64_t{1} << 32;  // of a 33-bit IPA space
constexpr std::uint64_t kGicd = 0x800'0000;
constexpr std::uint64_t kGuestGicr = 0x80a'0000;
constexpr std::uint64_t kGuestRam = 0x4000'0000;
constexpr std::uint64_t kProtected = 0x100, kOrdinary = 0x101;  // handles of the VMs that are there from the start

auto page_number(unsigned index) -> std::uint64_t { return kRam.value() + index; }

void raise(ExceptionClass what, std::uint64_t iss) { RD_WRITE_SYSREG(ESR_EL2, arm64::make_syndrome(what, iss)); }

}  // namespace

World::World(Arguments& input, bool with_vms) : input_(input) {
  power_on();
  set_host_registers();
  if (with_vms) build_vms();
}

void World::call(std::initializer_list<std::uint64_t> arguments) {
  auto& x = the_cpu().host.x;
  std::copy(arguments.begin(), arguments.end(), x.begin());
  x[0] += RD_HYPERCALL_BASE;
  raise(ExceptionClass::HVC64, 0);
  rules_.before_host();
  hyp::handle_host_sync(the_cpu());
  rules_.after();
}

void World::build_vms() {
  unsigned next = kHypPages;
  for (const std::uint64_t vm : {kProtected, kOrdinary}) {
    const unsigned root = next;
    call({RD_CALL_VM_CREATE, vm == kProtected ? RD_VM_PROTECTED | RD_VM_RSI : 0U, 33, page_number(root),
          page_number(root + 2), 2});
    next = root + 3;
    for (unsigned n = 0; n < 6; ++n) call({RD_CALL_VM_TOPUP, vm, page_number(next++)});
    if (vm == kProtected) call({RD_CALL_VM_SET_RAM, vm, kGuestRam >> 12, 1024});
    for (unsigned index = 0; index < 2; ++index, next += 2)
      call({RD_CALL_VCPU_CREATE, vm, index, page_number(next), page_number(next + 1)});
    call({RD_CALL_VM_SET_GIC, vm, kGicd, kGuestGicr, 96});
    if (vm == kProtected) call({RD_CALL_MEM_DONATE_IMAGE, vm, kGuestRam >> 12, page_number(next++)});
    if (input_.pick(8) != 0) call({RD_CALL_VM_FINALISE, vm});
    next = (next + 1) & ~1U;
  }
  if (input_.pick(4) != 0) call({RD_CALL_VCPU_RUN, input_.coin() ? kProtected : kOrdinary, 0});
}

void World::step() {
  if (auto* const vcpu = the_cpu().vcpu) {
    guest_step(*vcpu);
  } else {
    host_step();
  }
  count_checked();
}

auto World::vm() -> std::uint64_t {
  const unsigned choice = input_.pick(16);
  return choice < 7     ? kProtected
         : choice < 13  ? kOrdinary
         : choice == 13 ? 0x102
         : choice == 14 ? 0x200
                        : input_.number();
}
auto World::page() -> std::uint64_t {
  const unsigned choice = input_.pick(16);
  if (choice == 0) return input_.number();
  return page_number(choice < 12 ? input_.pick(80) : input_.pick(kRamPages + 1));
}
auto World::frame() -> std::uint64_t {
  const unsigned choice = input_.pick(16);
  if (choice == 0) return input_.number();
  return (choice < 10   ? kGuestRam >> 12
          : choice < 13 ? (kHalf + kGuestRam) >> 12
                        : 0) +
         input_.pick(choice < 8 ? 6 : 1100);
}
auto World::ipa() -> std::uint64_t {
  const unsigned choice = input_.pick(8);
  if (choice == 0) return input_.number();
  if (choice < 3) return (input_.coin() ? kHalf : 0) + kGicd + input_.word(2);
  if (choice < 5) return (input_.coin() ? kHalf : 0) + kGuestGicr + input_.word(3) % 0x40000;
  return frame() << 12 | input_.word(2) % 4096;
}

void World::host_step() {
  switch (input_.pick(8)) {
    case 0: return host_abort();
    case 1: return host_trap();
    case 2: return scribble_run_page();
    case 3: return call({RD_CALL_VCPU_RUN, vm(), input_.pick(3)});
    default: return host_call();
  }
}

void World::host_call() {
  if (input_.pick(16) == 0) set_map_budget(static_cast<int>(input_.pick(4)) - 1);
  static constexpr std::uint64_t kFlags[] = {0, RD_VM_PROTECTED | RD_VM_RSI, RD_VM_PROTECTED, 7};
  const auto count = [this] { return input_.one_of<std::uint64_t>({1, 1, 1, 2, 512, 0}); };
  switch (input_.pick(20)) {
    case 0:
      return call({RD_CALL_VM_CREATE, kFlags[input_.pick(4)], 33U + input_.pick(9), page(), page(), input_.pick(18)});
    case 1: return call({RD_CALL_VM_TOPUP, vm(), page()});
    case 2: return call({RD_CALL_VM_SET_RAM, vm(), frame(), input_.number()});
    case 3: return call({RD_CALL_VM_FINALISE, vm()});
    case 4: return call({RD_CALL_VM_TEARDOWN, input_.pick(4) == 0 ? vm() : 0x102});
    case 5: return call({RD_CALL_VM_DESTROY, vm()});
    case 6: return call({RD_CALL_VM_SET_GIC, vm(), ipa() & ~0xffffULL, ipa() & ~0xffffULL, 32 * input_.pick(33)});
    case 7: return call({RD_CALL_VCPU_CREATE, vm(), input_.pick(18), page(), page()});
    case 8: return call({RD_CALL_VCPU_REG_GET, vm(), input_.pick(3), input_.number()});
    case 9:
      return call({RD_CALL_VCPU_REG_SET, vm(), input_.pick(3), input_.pick(80), input_.number(), input_.number()});
    case 10: return call({RD_CALL_VCPU_INIT, vm(), input_.pick(3), input_.pick(3)});
    case 11:
    case 12: return call({RD_CALL_MEM_DONATE, vm(), frame(), page(), count()});
    case 13: return call({RD_CALL_MEM_DONATE_IMAGE, vm(), frame(), page()});
    case 14:
    case 15: return call({RD_CALL_MEM_SHARE, vm(), frame(), page(), count(), input_.pick(9)});
    case 16: return call({RD_CALL_MEM_UNSHARE, vm(), frame(), input_.one_of<std::uint64_t>({1, 2, 512, 513})});
    case 17: return call({RD_CALL_PAGE_RECLAIM, page(), count()});
    case 18: return call({RD_CALL_VM_INFO, vm(), input_.pick(6)});
    default: return call({input_.number(), input_.number(), input_.number(), input_.number(), input_.number()});
  }
}

auto World::abort_syndrome(bool write_allowed) -> std::uint64_t {
  namespace iss = arm64::abort_iss;
  std::uint64_t value = input_.word(4) & arm64::esr::ISS::kMax;
  const unsigned shape = input_.pick(8);
  if (shape != 0) value = iss::FSC::set(value, (shape < 7 ? arm64::fsc::kTranslation : arm64::fsc::kPermission) | 3);
  if (shape < 6) value |= iss::ISV::kMask;
  return write_allowed ? value : value & ~iss::WNR::kMask;
}

void World::host_abort() {
  const bool fetch = input_.pick(8) == 0;
  const std::uint64_t at = input_.coin() ? kGicr + input_.word(3) % 0x20000 : page() << 12 | input_.word(2) % 4096;
  raise(fetch ? ExceptionClass::INSTRUCTION_ABORT_LOWER : ExceptionClass::DATA_ABORT_LOWER, abort_syndrome(!fetch));
  RD_WRITE_SYSREG(HPFAR_EL2, arm64::hpfar::FIPA::make(at >> 12));
  RD_WRITE_SYSREG(PAR_EL1, at & ~std::uint64_t{0xfff});
  RD_WRITE_SYSREG(FAR_EL2, (input_.coin() ? ~std::uint64_t{0xffff'ffff} : 0) | (at & 0xfff));
  RD_WRITE_SYSREG(SPSR_EL2, input_.one_of<std::uint64_t>({0, 4, 5}));
  rules_.before_host();
  hyp::handle_host_sync(the_cpu());
  rules_.after_host_abort();
}

void World::host_trap() {
  auto& x = the_cpu().host.x;
  x[0] = input_.coin() ? input_.one_of<std::uint64_t>({0x8400'0003, 0xc400'0003, 0x8400'0050, 0x8000'0001, 0xc400'0190})
                       : input_.number();
  raise(input_.one_of({ExceptionClass::SMC64, ExceptionClass::SYSREG, ExceptionClass::SVE, ExceptionClass::HVC64}),
        input_.word(4) & arm64::esr::ISS::kMax);
  rules_.before_host();
  hyp::handle_host_sync(the_cpu());
  rules_.after();
}

// The host owns the run pages and writes what it likes, at any time.
void World::scribble_run_page() {
  const Pfn run{page()};
  if (run.value() < kRam.value() || run.value() >= kRam.value() + kRamPages) return;
  const auto place = hyp::core_for_boot().pages.find(run);
  if (!place || hyp::core_for_boot().pages.at(place->page).owner() != core::Owner::host) return;
  auto& request = hyp::at_linear<rd_run>(pa_of(run))->request;
  request.action = input_.pick(4);
  request.mmio_value = input_.number();
  request.nr_spis = input_.pick(20);
  for (unsigned n = 0; n < request.nr_spis && n < RD_RUN_MAX_SPIS; ++n)
    request.spi[n] = {input_.pick(4) == 0 ? input_.byte() : 32 + input_.pick(80), input_.pick(20), input_.byte(), 0};
}

}  // namespace redoubt::fuzz
