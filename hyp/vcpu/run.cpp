// SPDX-License-Identifier: Apache-2.0
#include "hyp/vcpu/run.hpp"

#include <cstring>

#include "arch/arm64/common/sysreg_access.hpp"
#include "core/vm/vcpu.hpp"
#include "hyp/core_state.hpp"
#include "hyp/cpu/machine_state.hpp"
#include "hyp/mm/linear_map.hpp"
#include "hyp/vcpu/guest_vm.hpp"
#include "hyp/vcpu/inject.hpp"
#include "hyp/vcpu/reset_state.hpp"
#include "hyp/vcpu/virtual_gic.hpp"
#include "hyp/vcpu/virtual_timer.hpp"
#include "hyp/vcpu/world_switch.hpp"

namespace redoubt::hyp {
namespace {

// The host may write its page while EL2 reads it: each field is fetched once, as one access.
template <class T>
auto fetch(const T& field) noexcept -> T {
  return *static_cast<const volatile T*>(&field);
}

[[gnu::noinline]] void load_some_spis(Vcpu& vcpu, std::size_t count) noexcept {
  const auto& request = vcpu.run->request;
  std::array<vgic::SpiRequest, RD_RUN_MAX_SPIS> spis{};
  for (std::size_t n = 0; n < count; ++n) {
    const auto priority = fetch(request.spi[n].priority);
    spis[n] = {vgic::Intid{fetch(request.spi[n].intid)}, fetch(request.spi[n].flags),
               static_cast<std::uint8_t>(priority > 0xff ? 0xff : priority)};
  }
  const auto* const filter = vcpu.vm->protected_vm ? &vcpu.vm->spi_mirror : nullptr;
  vcpu.gic.spis.load(std::span{spis}.first(count), vcpu.vm->nr_irqs, filter);
}

// Most runs ask for none, and then nothing is copied.
void load_spis(Vcpu& vcpu) noexcept {
  const auto claimed = fetch(vcpu.run->request.nr_spis);
  if (claimed == 0) return vcpu.gic.spis.load({}, vcpu.vm->nr_irqs, nullptr);
  load_some_spis(vcpu, claimed < RD_RUN_MAX_SPIS ? claimed : RD_RUN_MAX_SPIS);
}

void complete_read(Vcpu& vcpu, std::uint64_t value) noexcept {
  const auto& access = vcpu.pending;
  if (access.target == 31) return;
  vcpu.context.x[access.target] = loaded_value(value, 8U << access.size_log2, access.sign_extend, access.register64);
}

// Only the answers that fit the exit the host was told about do anything.
void apply_answer(Vcpu& vcpu) noexcept {
  const auto action = fetch(vcpu.run->request.action);
  const auto await = vcpu.pending.await;
  if (action == RD_ACTION_MMIO_DONE && await == Await::MMIO_READ) {
    complete_read(vcpu, fetch(vcpu.run->request.mmio_value));
    vcpu.context.pc += 4;
  } else if (action == RD_ACTION_MMIO_DONE && await == Await::MMIO_WRITE) {
    vcpu.context.pc += 4;
  } else if (action == RD_ACTION_INJECT_SEA && vcpu.pending.may_inject) {
    inject_saved_sea(vcpu, vcpu.pending.far);
  }
  vcpu.pending = PendingAccess{};
}

void write_record(Vcpu& vcpu, const ExitReport& report) noexcept {
  auto& exit = vcpu.run->exit;
  exit.reason = report.reason;
  exit.mmio_bytes = report.mmio_bytes;
  exit.mmio_write = report.mmio_write ? 1 : 0;
  exit.kick_mask = report.kick_mask;
  exit.ipa = report.ipa;
  exit.mmio_value = report.mmio_value;
  exit.shared = report.shared ? 1 : 0;
  for (std::size_t n = 0; n < report.args.size(); ++n) exit.args[n] = report.args[n];
  const bool armed = (vcpu.cntv_ctl & 3) == 1;
  exit.timer_deadline = armed ? vcpu.cntv_cval : 0;
  exit.timer_flags = (armed ? RD_TIMER_ARMED : 0) | (timer_line_saved(vcpu) ? RD_TIMER_PENDING : 0);
  for (unsigned n = 0; n < RD_RUN_MAX_SPIS; ++n) exit.spi_status[n] = vcpu.gic.spis.status(n);
}

void put(Vcpu& vcpu) noexcept {
  Locked core{core_state()};
  (void)core::vcpu_put(*core, core::VmHandle{vcpu.vm->handle}, core::VcpuIndex{vcpu.index});
}

// A vCPU that was off starts at the address its CPU_ON named; EL2, not the host, sets it.
auto ready(Vcpu& vcpu) noexcept -> bool {
  const auto power = vcpu.power.load(std::memory_order_acquire);
  if (power == Power::ON) return true;
  if (power != Power::ON_PENDING) return false;
  reset_registers(vcpu);
  vcpu.context.pc = vcpu.start_pc;
  vcpu.context.x[0] = vcpu.start_context;
  vcpu.power.store(Power::ON, std::memory_order_release);
  return true;
}

// PSTATE.SM changes what FP instructions do, the guest's and those that save the host's registers (SVCR, Arm ARM D19.2).
auto in_streaming_mode() noexcept -> bool {
  return machine().features.sme() && (RD_READ_SYSREG(S3_3_C4_C2_2) & 1) != 0;
}

void refuse(PerCpu& cpu, Error error) noexcept { cpu.host.x[0] = static_cast<std::uint64_t>(status_of(error)); }

}  // namespace

void run_vcpu(PerCpu& cpu, std::uint64_t handle, std::uint64_t index) noexcept {
  if (in_streaming_mode()) return refuse(cpu, Error::INVALID);
  core::LoadedVcpu loaded;
  {
    Locked core{core_state()};
    const auto result = core::vcpu_load(*core, core::VmHandle{handle}, core::VcpuIndex{index});
    if (!result) return refuse(cpu, result.error());
    loaded = *result;
  }
  auto& vcpu = *at_linear<Vcpu>(pa_of(loaded.state));
  load_spis(vcpu);
  if (!ready(vcpu)) {
    write_record(vcpu, {.reason = RD_EXIT_VCPU_OFF});
    put(vcpu);
    cpu.host.x[0] = 0;
    cpu.host.x[1] = RD_EXIT_VCPU_OFF;
    return;
  }
  apply_answer(vcpu);
  switch_to_guest(cpu, vcpu);
}

void leave_guest(PerCpu& cpu, Vcpu& vcpu, const ExitReport& wanted) noexcept {
  static constexpr ExitReport kSerror{.reason = RD_EXIT_FAULT, .args = {RD_FAULT_SERROR}};
  const ExitReport& report = take_guest_serror() ? kSerror : wanted;
  switch_to_host(cpu, vcpu);
  write_record(vcpu, report);
  put(vcpu);
  cpu.host.x[0] = 0;
  cpu.host.x[1] = report.reason;
}

}  // namespace redoubt::hyp
