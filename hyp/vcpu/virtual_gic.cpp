// SPDX-License-Identifier: Apache-2.0
#include "hyp/vcpu/virtual_gic.hpp"

#include "arch/arm64/common/barrier.hpp"
#include "arch/arm64/common/sysreg_access.hpp"
#include "hyp/cpu/machine_state.hpp"
#include "hyp/log/panic.hpp"
#include "hyp/vcpu/guest_vm.hpp"
#include "hyp/vcpu/virtual_timer.hpp"

namespace redoubt::hyp {
namespace {

using namespace arm64;

// A list register has to be named in the instruction: X(n) for each of the sixteen.
#define RD_LIST_REGISTERS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)

auto read_lr(unsigned index) noexcept -> std::uint64_t {
  switch (index) {
#define RD_READ_LR(n) \
  case n: return RD_READ_SYSREG(ICH_LR##n##_EL2);
    RD_LIST_REGISTERS(RD_READ_LR)
    default: return 0;
  }
}

void write_lr(unsigned index, std::uint64_t value) noexcept {
  switch (index) {
#define RD_WRITE_LR(n) \
  case n: RD_WRITE_SYSREG(ICH_LR##n##_EL2, value); return;
    RD_LIST_REGISTERS(RD_WRITE_LR)
    default: return;
  }
}

constexpr std::uint32_t kTimerBit = std::uint32_t{1} << kGicVirtualTimerPpi;
constexpr std::uint32_t kMaintenanceBit = std::uint32_t{1} << kGicMaintenancePpi;

auto gicr(const PerCpu& cpu, std::uint64_t offset) noexcept -> volatile std::uint32_t& {
  return *reinterpret_cast<volatile std::uint32_t*>(cpu.gicr_va + offset);
}

// The host's driver disables these two at CPU bring-up and never looks at them again; their lines are low while it runs.
void enable_physical_ppis(PerCpu& cpu) noexcept {
  constexpr std::uint32_t kBoth = kTimerBit | kMaintenanceBit;
  if ((gicr(cpu, GICR_ISENABLER0) & kBoth) != kBoth) gicr(cpu, GICR_ISENABLER0) = kBoth;
}

// While the model holds the timer's physical interrupt active it cannot fire; with HW = 1 the guest's own end of the
// interrupt releases it, so the flag is written again whenever it is wanted.
void follow_timer(PerCpu& cpu, VirtualGic& gic) noexcept {
  if (gic.file.hold_timer) {
    gicr(cpu, GICR_ISACTIVER0) = kTimerBit;
  } else if (gic.timer_active) {
    gicr(cpu, GICR_ICACTIVER0) = kTimerBit;
  }
  gic.timer_active = gic.file.hold_timer;
}

// Active priorities beyond the first 32 (GICv3 specification 12.4.1): on CPUs with 6 or 7 preemption bits.
void load_active(const VirtualGic& gic, unsigned words) noexcept {
  RD_WRITE_SYSREG(ICH_AP0R1_EL2, gic.ap0_more[0]);
  RD_WRITE_SYSREG(ICH_AP1R1_EL2, gic.ap1_more[0]);
  if (words < 4) return;
  RD_WRITE_SYSREG(ICH_AP0R2_EL2, gic.ap0_more[1]);
  RD_WRITE_SYSREG(ICH_AP0R3_EL2, gic.ap0_more[2]);
  RD_WRITE_SYSREG(ICH_AP1R2_EL2, gic.ap1_more[1]);
  RD_WRITE_SYSREG(ICH_AP1R3_EL2, gic.ap1_more[2]);
}

void save_active(VirtualGic& gic, unsigned words) noexcept {
  gic.ap0_more[0] = RD_READ_SYSREG(ICH_AP0R1_EL2);
  gic.ap1_more[0] = RD_READ_SYSREG(ICH_AP1R1_EL2);
  if (words < 4) return;
  gic.ap0_more[1] = RD_READ_SYSREG(ICH_AP0R2_EL2);
  gic.ap0_more[2] = RD_READ_SYSREG(ICH_AP0R3_EL2);
  gic.ap1_more[1] = RD_READ_SYSREG(ICH_AP1R2_EL2);
  gic.ap1_more[2] = RD_READ_SYSREG(ICH_AP1R3_EL2);
}

}  // namespace

void gic_fold(Vcpu& vcpu) noexcept {
  auto& gic = vcpu.gic;
  const unsigned used = gic.file.used;
  for (unsigned n = 0; n < used && n < kGicMaxLrs; ++n) {
    gic.file.lr[n] = read_lr(n);
    write_lr(n, 0);
  }
  const auto eoi_count = static_cast<unsigned>(IchHcr::EOIcount::of(RD_READ_SYSREG(ICH_HCR_EL2)));
  if (vgic::fold(gic.irqs, gic.spis, gic.file, eoi_count).level_spi_ended) gic.level_ended = true;
}

void gic_present(PerCpu& cpu, Vcpu& vcpu) noexcept {
  auto& gic = vcpu.gic;
  if (gic.inbox.load(std::memory_order_relaxed) != 0) {
    gic.irqs.fold_inbox(gic.inbox.exchange(0, std::memory_order_acquire));
  }
  gic.irqs.set_groups(vgic::GroupEnables::of_ctlr(vcpu.vm->gicd_ctlr.load(std::memory_order_relaxed)));
  gic.irqs.set_level(vgic::kVirtualTimerIntid, timer_line_live());
  vgic::compose(gic.irqs, gic.spis, machine().gic, gic.file);
  for (unsigned n = 0; n < gic.file.used && n < kGicMaxLrs; ++n) write_lr(n, gic.file.lr[n]);
  follow_timer(cpu, gic);
  RD_WRITE_SYSREG(ICH_HCR_EL2, IchHcr::En::make(1) | gic.file.hints);
}

void gic_enter(PerCpu& cpu, Vcpu& vcpu) noexcept {
  // A VM without a GIC has these too; they are not to be the last VM's.
  RD_WRITE_SYSREG(ICH_VMCR_EL2, vcpu.gic.vmcr);
  RD_WRITE_SYSREG(ICH_AP0R0_EL2, vcpu.gic.ap0r0);
  RD_WRITE_SYSREG(ICH_AP1R0_EL2, vcpu.gic.ap1r0);
  if (const auto words = machine().active_words; words > 1) load_active(vcpu.gic, words);
  if (cpu.sre_writable) RD_WRITE_SYSREG(S3_4_C12_C9_5, kGuestIccSre);
  if (vcpu.vm->nr_irqs == 0) return;
  enable_physical_ppis(cpu);
  gic_present(cpu, vcpu);
}

void gic_leave(PerCpu& cpu, Vcpu& vcpu) noexcept {
  if (cpu.sre_writable) RD_WRITE_SYSREG(S3_4_C12_C9_5, kHostIccSre);
  if (vcpu.vm->nr_irqs == 0) return;
  auto& gic = vcpu.gic;
  gic_fold(vcpu);
  gic.vmcr = RD_READ_SYSREG(ICH_VMCR_EL2);
  gic.ap0r0 = RD_READ_SYSREG(ICH_AP0R0_EL2);
  gic.ap1r0 = RD_READ_SYSREG(ICH_AP1R0_EL2);
  if (const auto words = machine().active_words; words > 1) save_active(gic, words);
  RD_WRITE_SYSREG(ICH_HCR_EL2, 0);
  if (gic.timer_active) {
    gicr(cpu, GICR_ICACTIVER0) = kTimerBit;
    gic.timer_active = false;
  }
}

auto gic_timer_fired(const PerCpu& cpu) noexcept -> bool {
  return timer_line_live() && (gicr(cpu, GICR_ISACTIVER0) & kTimerBit) == 0;
}

auto gic_wakes(Vcpu& vcpu) noexcept -> bool {
  auto& gic = vcpu.gic;
  gic.irqs.fold_inbox(gic.inbox.exchange(0, std::memory_order_acquire));
  gic.irqs.set_level(vgic::kVirtualTimerIntid, timer_line_live());
  return vgic::deliverable_with(gic.irqs, gic.spis, RD_READ_SYSREG(ICH_VMCR_EL2));
}

auto gic_take_level_ended(Vcpu& vcpu) noexcept -> bool {
  const bool ended = vcpu.gic.level_ended;
  vcpu.gic.level_ended = false;
  return ended;
}

void gic_init_cpu(PerCpu& cpu) noexcept {
  const auto wanted = vgic::Affinity::of_mpidr(cpu.mpidr).packed();
  const auto& frames = machine().gicr_frames;
  for (unsigned n = 0; n < machine().gicr_count; ++n) {
    const auto va = EL2_DEVICE_VA + frames[n].value();
    const auto typer = *reinterpret_cast<volatile std::uint64_t*>(va + GICR_TYPER);
    if (GicrTyper::AffinityValue::of(typer) == wanted) {
      cpu.gicr_va = va;
      return;
    }
  }
  panic("no redistributor has this CPU's affinity");
}

}  // namespace redoubt::hyp
