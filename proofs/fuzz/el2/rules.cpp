// SPDX-License-Identifier: Apache-2.0
#include "proofs/fuzz/el2/rules.hpp"

#include <cstring>

#include "abi/reg.h"
#include "arch/arm64_defs/sysreg.hpp"
#include "hyp/cpu/machine_state.hpp"

namespace redoubt::fuzz {
namespace {

constexpr unsigned kEventsBetweenAudits = 8;  // an audit walks all of RAM: it costs more than the events
constexpr std::uint64_t kHostMark = 0x4057'4057'0000'0000;

auto is_secret(std::uint64_t word) -> bool { return word >> 32 == kSecret >> 32; }

auto read_el1() -> hyp::El1State {
  hyp::El1State state{};
  state.sctlr = RD_READ_SYSREG(SCTLR_EL1);
  state.tcr = RD_READ_SYSREG(TCR_EL1);
#define RD_EL1_REGISTER(member, register, number) state.member = RD_READ_SYSREG(register);
#include "hyp/vcpu/el1_state.def"
  return state;
}

void write_el1(std::uint64_t mark) {
  RD_WRITE_SYSREG(SCTLR_EL1, mark | 1);
  RD_WRITE_SYSREG(TCR_EL1, mark);
#define RD_EL1_REGISTER(member, register, number) RD_WRITE_SYSREG(register, mark + number);
#include "hyp/vcpu/el1_state.def"
}

// Which fields of the exit record a reason may fill (abi/run.h); the others are zero.
void check_record(const rd_run_exit& exit) {
  const bool mmio = exit.reason == RD_EXIT_MMIO;
  const bool fault = exit.reason == RD_EXIT_FAULT;
  require(mmio || (exit.mmio_bytes == 0 && exit.mmio_write == 0 && exit.mmio_value == 0), "MMIO fields are for MMIO");
  require(!mmio || exit.mmio_write != 0 || exit.mmio_value == 0, "a read shows no value");
  require(exit.kick_mask == 0 || exit.reason == RD_EXIT_KICK, "a kick mask is for a kick");
  require(mmio || fault || exit.reason == RD_EXIT_MEMORY || exit.ipa == 0, "an address is for an access");
  for (unsigned n = 3; n < 8; ++n) require(exit.args[n] == 0, "arguments that no reason has are zero");
  for (const std::uint64_t word : exit.args) require(!is_secret(word), "no register of the guest in the arguments");
  require(!is_secret(exit.ipa), "no register of the guest in the address");
  require(!is_secret(exit.mmio_value) || exit.mmio_bytes == 8, "a narrow access shows only its own bytes");
}

}  // namespace

void set_host_registers() {
  write_el1(kHostMark);
  RD_WRITE_SYSREG(ELR_EL2, kHostMark);
  RD_WRITE_SYSREG(SPSR_EL2, 5);
}

// The timer's physical-world registers among them are EL1's too.
void set_guest_system_registers() { write_el1(kSecret); }

void Rules::before_host() {
  host_el1_ = read_el1();
  host_x_ = the_cpu().host.x;
  elr_ = RD_READ_SYSREG(ELR_EL2);
  guest_ = nullptr;
}

void Rules::before_guest(const hyp::Vcpu& vcpu) {
  guest_ = &vcpu;
  guest_x_ = vcpu.context.x;
  elr_ = RD_READ_SYSREG(ELR_EL2);
}

void Rules::after() {
  require(arm64::SpinLock::held_count == 0, "no lock is left held");
  if (++events_ % kEventsBetweenAudits == 0) audit();
  check_world();
  if (guest_ != nullptr && the_cpu().vcpu == nullptr) check_exit();
}

void Rules::audit() const { require(broken_invariant() == 0, "core's invariants hold"); }

void Rules::check_world() const {
  const auto& cpu = the_cpu();
  const std::uint64_t vttbr = RD_READ_SYSREG(VTTBR_EL2);
  if (cpu.vcpu == nullptr) {
    require(cpu.context == &cpu.host, "the host runs on its own context");
    require(vttbr == kHostVttbr, "the host runs on its own stage 2");
    require(RD_READ_SYSREG(HCR_EL2) == hyp::machine().host.hcr || cpu.exits == 0, "the host runs with its own traps");
    for (const std::uint64_t x : cpu.host.x) require(!is_secret(x), "no register of a guest in the host's");
    require(RD_READ_SYSREG(CNTV_CTL_EL0) == 0 || cpu.exits == 0, "the guests' timer is off while the host runs");
    return;
  }
  require(vttbr == cpu.vcpu->vm->vttbr, "a guest runs on its own stage 2");
  require(RD_READ_SYSREG(HCR_EL2) == hyp::machine().guest.hcr, "a guest runs with a guest's traps");
  require(RD_READ_SYSREG(VMPIDR_EL2) == cpu.vcpu->mpidr, "a vCPU has its own MPIDR");
}

void Rules::check_exit() const {
  const auto& cpu = the_cpu();
  const hyp::El1State now = read_el1();
  require(std::memcmp(&now, &host_el1_, sizeof now) == 0, "the host's EL1 registers are as it left them");
  require(RD_READ_SYSREG(ICH_HCR_EL2) == 0 || guest_->vm->nr_irqs == 0, "the virtual CPU interface is off");
  for (unsigned n = 4; n < 31; ++n) require(cpu.host.x[n] == host_x_[n], "x4 to x30 are preserved for the host");
  require(cpu.host.x[0] == 0 && cpu.host.x[1] == guest_->run->exit.reason, "the answer names the reason");
  check_record(guest_->run->exit);
}

void Rules::after_host_abort() {
  after();
  const std::uint64_t elr = RD_READ_SYSREG(ELR_EL2);
  const std::uint64_t vbar = RD_READ_SYSREG(VBAR_EL1) & ~std::uint64_t{0x7ff};
  const bool injected = elr >= vbar && elr < vbar + 0x800;
  require(elr == elr_ || elr == elr_ + 4 || injected, "the host goes on where it was, behind it, or in its vectors");
}

// ISS of a data abort, Arm ARM D24.2.40: SAS [23:22], SRT [20:16], WnR [6]; valid only with ISV [24].
void Rules::check_mmio(const rd_run_exit& exit, std::uint64_t ipa) const {
  const std::uint64_t esr = RD_READ_SYSREG(ESR_EL2);
  const auto bytes = std::uint64_t{1} << (esr >> 22 & 3);
  require((esr >> 24 & 1) != 0, "only a decoded access is MMIO");
  require(exit.mmio_bytes == bytes && exit.mmio_write == (esr >> 6 & 1), "width and direction are the syndrome's");
  require(exit.ipa == (ipa & ~guest_->vm->shared_bit()), "the address is the access's");
  const std::uint64_t srt = esr >> 16 & 31;
  std::uint64_t value = exit.mmio_write == 0 || srt == 31 ? 0 : guest_x_[srt];
  if (bytes < 8) value &= (std::uint64_t{1} << (8 * bytes)) - 1;
  require(exit.mmio_value == value, "the value is the source register's, cut to the width");
}

void Rules::after_guest_abort(const hyp::Vcpu& vcpu, std::uint64_t ipa) {
  after();
  if (the_cpu().vcpu != nullptr) return;
  const rd_run_exit& exit = vcpu.run->exit;
  const std::uint64_t esr = RD_READ_SYSREG(ESR_EL2);
  const bool fetch = (esr >> 26) == 0x20;
  if (exit.reason == RD_EXIT_MMIO) check_mmio(exit, ipa);
  if (exit.reason == RD_EXIT_MEMORY) {
    const std::uint64_t wanted = fetch ? RD_PROT_X : (esr >> 6 & 1) != 0 ? RD_PROT_W : RD_PROT_R;
    require(exit.args[0] == wanted, "what is wanted is what was tried");
    require(exit.ipa == (ipa & ~guest_->vm->shared_bit() & ~std::uint64_t{0xfff}), "the page is the access's");
  }
  const bool shared = guest_->vm->shared_bit() != 0 && (ipa & guest_->vm->shared_bit()) != 0;
  require(exit.shared == (shared ? 1U : 0U) || exit.reason == RD_EXIT_FAULT, "shared says which half");
}

}  // namespace redoubt::fuzz
