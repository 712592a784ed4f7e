// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// For tests: a VM of two vCPUs whose guest, EL2 and host all follow the protocols of list_registers.hpp and
// distributor.hpp, run beside ReferenceGic. Each action is applied to both; each acknowledge is judged.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "vgic/distributor.hpp"
#include "vgic/fake_cpu_interface.hpp"
#include "vgic/redistributor.hpp"
#include "vgic/reference_gic.hpp"
#include "vgic/sgi.hpp"

namespace redoubt::vgic {

class DeliveryWorld {
 public:
  static constexpr unsigned kCpus = ReferenceGic::kCpus;
  static constexpr unsigned kFirstSpi = 32;
  static constexpr unsigned kIrqs = 56;

  // is_protected: EL2 filters SPIs by what the guest enabled.
  DeliveryWorld(unsigned nr_lrs, bool is_protected)
      : config_{.nr_lrs = static_cast<std::uint8_t>(nr_lrs), .priority_mask = 0xf8, .timer_pintid = 27},
        protected_(is_protected) {
    EXPECT_TRUE(dist_->init(64, affinity(0)));
    start_all();
    gicd(0, arm64::GICD_CTLR, AccessSize::Word, 3);
  }

  auto reference(unsigned cpu, unsigned irq) -> ReferenceGic::Interrupt& { return reference_.at(cpu, irq); }
  [[nodiscard]] auto active(unsigned cpu) const -> std::size_t { return cpus_[cpu].stack.size(); }
  [[nodiscard]] auto delivered() const -> unsigned { return delivered_; }
  [[nodiscard]] auto anything_for(unsigned cpu) const -> bool { return reference_.best(cpu, 0x100).has_value(); }

  // A guest's distributor write as the module does it: the writer is out; the others only if they have to be.
  void gicd(unsigned writer, std::uint64_t offset, AccessSize size, std::uint64_t value) {
    mirror_.observe_write(MmioOffset{offset}, size, value);
    exit_to_host(cpus_[writer]);
    if (dist_->sync_needed(MmioOffset{offset})) stop_all();
    const bool rescan = dist_->write(MmioOffset{offset}, size, value).rescan;
    start_all();
    for (unsigned cpu = 0; cpu < kCpus; ++cpu) {
      if (rescan && dist_->has_pending_for(affinity(cpu))) kick(affinity(cpu));
    }
  }
  // For registers whose effect on an SPI in flight may be late: everybody is out meanwhile.
  void gicd_stopped(std::uint64_t offset, AccessSize size, std::uint64_t value) {
    stop_all();
    (void)dist_->write(MmioOffset{offset}, size, value);
    start_all();
  }
  [[nodiscard]] auto gicd_read(std::uint64_t offset) const -> std::uint64_t {
    return dist_->read(MmioOffset{offset}, AccessSize::Word);
  }
  void gicr(unsigned cpu, std::uint64_t offset, AccessSize size, std::uint64_t value) {
    trap(cpus_[cpu], [&](PrivateIrqs& irqs) { redistributor_write(irqs, MmioOffset{offset}, size, value); });
  }

  void ppi(unsigned cpu, unsigned irq, bool high) {
    reference_.set_line(cpu, irq, high);
    trap(cpus_[cpu], [&](PrivateIrqs& irqs) { irqs.set_level(Intid{irq}, high); });
  }
  void spi_line(unsigned irq, bool high) {
    reference_.set_line(0, irq, high);
    kick(dist_->set_line(Intid{irq}, high));
  }
  void spi_pulse(unsigned irq) {
    reference_.at(0, irq).latch = true;
    kick(dist_->pulse(Intid{irq}));
  }
  void sgi(unsigned sender, const SgiRequest& request) {
    for (unsigned target = 0; target < kCpus; ++target) {
      if (!request.matches(affinity(target), affinity(sender))) continue;
      reference_.at(target, request.intid().value()).latch = true;
      cpus_[target].inbox |= request.inbox_bits();
      trap(cpus_[target], [](PrivateIrqs&) {});
    }
  }

  // False if there was nothing to acknowledge.
  auto acknowledge(unsigned number) -> bool {
    Cpu& cpu = cpus_[number];
    const unsigned running = cpu.hardware.running();
    const bool fits = reference_.presentable(number) <= config_.nr_lrs;
    const auto best = reference_.best(number, running);
    const auto irq = cpu.hardware.acknowledge();
    if (!irq) {
      EXPECT_FALSE(fits && best) << "missing on vCPU " << number;
      return false;
    }
    if (fits) EXPECT_EQ(reference_.at(number, *irq).priority, best) << "not the most urgent: " << *irq;
    EXPECT_TRUE(reference_.acknowledge(number, *irq, running)) << "forged " << *irq << " on vCPU " << number;
    ++delivered_;
    cpu.stack.push_back(*irq);
    if (interrupted(cpu)) trap(cpu, [](PrivateIrqs&) {});
    return true;
  }
  void end(unsigned number) {
    Cpu& cpu = cpus_[number];
    if (cpu.stack.empty()) return;
    reference_.end(number, cpu.stack.back());
    cpu.hardware.end(cpu.stack.back());
    cpu.stack.pop_back();
    if (interrupted(cpu)) trap(cpu, [](PrivateIrqs&) {});
  }

  // All vCPUs out, all pending and active state against the reference, all in.
  void compare_all() {
    stop_all();
    for (unsigned cpu = 0; cpu < kCpus; ++cpu) {
      const PrivateIrqs& irqs = cpus_[cpu].irqs;
      for (unsigned irq = 0; irq < kFirstSpi; ++irq)
        compare(cpu, irq, irqs.pending_bits() >> irq, irqs.active_bits() >> irq);
    }
    const std::uint64_t pending = gicd_read(arm64::GICD_ISPENDR + 4);
    const std::uint64_t active = gicd_read(arm64::GICD_ISACTIVER + 4);
    for (unsigned n = 0; n < 32; ++n) compare(0, kFirstSpi + n, pending >> n, active >> n);
    start_all();
  }

 private:
  struct Cpu {
    PrivateIrqs irqs;
    SpiSet spis;
    LrFile file;
    FakeCpuInterface hardware;
    std::vector<SpiRequest> requests;
    std::vector<std::uint32_t> stack;  // acknowledged, not ended
    std::uint32_t inbox = 0;
    bool out = true;  // at the host
  };

  static constexpr auto affinity(unsigned cpu) -> Affinity { return Affinity{cpu}; }
  auto number(const Cpu& cpu) const -> unsigned { return static_cast<unsigned>(&cpu - cpus_.data()); }

  void compare(unsigned cpu, unsigned irq, std::uint64_t pending, std::uint64_t active) {
    const auto& expected = reference_.at(cpu, irq);
    EXPECT_EQ((pending & 1U) != 0, expected.pending()) << "pending of " << irq << " on " << cpu;
    EXPECT_EQ((active & 1U) != 0, expected.active) << "active of " << irq << " on " << cpu;
  }
  auto interrupted(const Cpu& cpu) -> bool {
    return cpu.hardware.interrupted(reference_.at(number(cpu), kVirtualTimerIntid.value()).line);
  }

  // What EL2 does at an exit, around something it does to the private state; it stays at EL2 if it can.
  template <class Action>
  void trap(Cpu& cpu, Action&& action) {
    if (cpu.out) {
      action(cpu.irqs);
      return;
    }
    const bool ended = fold_back(cpu);
    action(cpu.irqs);
    if (!ended) return resume(cpu);
    give_back(cpu);
    enter(cpu);
  }
  auto fold_back(Cpu& cpu) -> bool {
    const unsigned eoi_count = cpu.hardware.leave(cpu.file);
    const bool ended = fold(cpu.irqs, cpu.spis, cpu.file, eoi_count).level_spi_ended;
    cpu.irqs.fold_inbox(cpu.inbox);
    cpu.inbox = 0;
    return ended;
  }
  void resume(Cpu& cpu) {
    cpu.irqs.set_groups(mirror_.groups());
    compose(cpu.irqs, cpu.spis, config_, cpu.file);
    cpu.hardware.enter(cpu.file);
    EXPECT_FALSE(interrupted(cpu)) << "the guest would never run";
  }

  // The way out to the host and in again.
  void give_back(Cpu& cpu) {
    cpu.out = true;
    std::vector<std::optional<Affinity>> kicks;
    for (unsigned i = 0; i < cpu.requests.size(); ++i) {
      const SpiStatus status{.intid = cpu.requests[i].intid, .flags = cpu.spis.status(i)};
      kicks.push_back(dist_->complete(affinity(number(cpu)), status));
    }
    cpu.requests.clear();
    for (const auto& who : kicks) kick(who);
  }
  void enter(Cpu& cpu) {
    if (!cpu.out) return;
    cpu.out = false;
    cpu.requests.resize(kMaxSpiRequests);
    cpu.requests.resize(dist_->collect(affinity(number(cpu)), cpu.requests));
    cpu.spis.load(cpu.requests, dist_->nr_irqs(), protected_ ? &mirror_ : nullptr);
    resume(cpu);
  }
  void exit_to_host(Cpu& cpu) {
    if (cpu.out) return;
    (void)fold_back(cpu);
    give_back(cpu);
  }
  void kick(std::optional<Affinity> who) {
    if (!who || cpus_.at(who->packed()).out) return;
    exit_to_host(cpus_[who->packed()]);
    enter(cpus_[who->packed()]);
  }
  void stop_all() {
    for (auto& cpu : cpus_) exit_to_host(cpu);
  }
  void start_all() {
    for (auto& cpu : cpus_) enter(cpu);
  }

  GicCpuConfig config_;
  bool protected_;
  unsigned delivered_ = 0;
  std::unique_ptr<Distributor> dist_ = std::make_unique<Distributor>();
  SpiEnableMirror mirror_;
  std::array<Cpu, kCpus> cpus_;
  ReferenceGic reference_;
};

}  // namespace redoubt::vgic
