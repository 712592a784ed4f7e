// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// For tests: one history of a two-vCPU VM, step by step, in DeliveryWorld. Whoever supplies the choices decides what happens.
#pragma once

#include <cstdint>
#include <utility>

#include "vgic/delivery_world.hpp"

namespace redoubt::vgic {

// `choose(n)` answers a number below n: where a history comes from.
template <class Choose>
class DeliveryHistory {
 public:
  DeliveryHistory(unsigned nr_lrs, bool is_protected, Choose choose)
      : choose_(std::move(choose)), world_(nr_lrs, is_protected) {
    const unsigned density = 1 + pick(8);
    for (unsigned irq = 0; irq < kIrqs; ++irq) {
      for (unsigned cpu = 0; cpu < DeliveryWorld::kCpus; ++cpu) {
        if (pick(8) < density) enable(cpu, irq, true);
      }
    }
  }

  void step() {
    const unsigned cpu = pick(DeliveryWorld::kCpus);
    switch (pick(16)) {
      case 0: return change_register(cpu, pick(kFirstSpi));
      case 1: return change_register(cpu, any_spi());
      case 2: return world_.ppi(cpu, 16 + pick(16), pick(3) == 0);
      case 3: return send_sgi(cpu);
      case 4: return pick(3) != 0 ? world_.spi_line(any_spi(), pick(3) == 0) : world_.spi_pulse(any_spi());
      case 5: return pick(2) == 0 ? route(any_spi()) : configure(any_spi());
      case 6:
      case 7:
      case 8:
      case 9:
      case 10: return world_.end(cpu);
      default:
        if (world_.active(cpu) < kMaxNesting) (void)world_.acknowledge(cpu);
    }
  }

  // Nothing new comes; only acknowledge and end, with maintenance interrupts alone for refills, until nothing is left.
  void drain() {
    for (unsigned irq = kFirstSpi; irq < kIrqs; ++irq) world_.spi_line(irq, false);
    for (unsigned cpu = 0; cpu < DeliveryWorld::kCpus; ++cpu) {
      for (unsigned irq = 16; irq < kFirstSpi; ++irq) world_.ppi(cpu, irq, false);
      for (int guard = 0; guard < 1000; ++guard) {
        while (world_.acknowledge(cpu)) {
        }
        if (world_.active(cpu) == 0) break;
        world_.end(cpu);
      }
      EXPECT_EQ(world_.active(cpu), 0U);
      EXPECT_FALSE(world_.anything_for(cpu)) << "lost on vCPU " << cpu;
    }
    world_.compare_all();
  }

  auto world() -> DeliveryWorld& { return world_; }

 private:
  static constexpr unsigned kFirstSpi = DeliveryWorld::kFirstSpi;
  static constexpr unsigned kIrqs = DeliveryWorld::kIrqs;
  static constexpr std::size_t kMaxNesting = 12;  // a vCPU's active SPIs must fit the 16 requests of a run

  auto pick(std::uint64_t n) -> unsigned { return static_cast<unsigned>(choose_(n)); }
  auto any_spi() -> unsigned { return kFirstSpi + pick(kIrqs - kFirstSpi); }

  // Write irq's bit in one of the set and clear arrays, named by its GICR form.
  void set_bit(unsigned cpu, unsigned irq, std::uint64_t gicr_register) {
    const std::uint64_t mask = std::uint64_t{1} << (irq % 32);
    if (irq < kFirstSpi) return world_.gicr(cpu, gicr_register, AccessSize::Word, mask);
    world_.gicd(cpu, gicr_register - arm64::GICR_SGI_BASE + 4, AccessSize::Word, mask);
  }
  void enable(unsigned cpu, unsigned irq, bool on) {
    world_.reference(cpu, irq).enabled = on;
    set_bit(cpu, irq, on ? arm64::GICR_ISENABLER0 : arm64::GICR_ICENABLER0);
  }
  void change_register(unsigned cpu, unsigned irq) {
    switch (pick(5)) {
      case 0: return enable(cpu, irq, false);
      case 1: world_.reference(cpu, irq).latch = true; return set_bit(cpu, irq, arm64::GICR_ISPENDR0);
      case 2: world_.reference(cpu, irq).latch = false; return set_bit(cpu, irq, arm64::GICR_ICPENDR0);
      case 3: return set_priority(cpu, irq);
      default: return enable(cpu, irq, true);
    }
  }
  // The priority of an active interrupt is left alone: the order of ends is that of the acknowledges.
  void set_priority(unsigned cpu, unsigned irq) {
    auto& expected = world_.reference(cpu, irq);
    if (expected.active) return;
    expected.priority = 8 * pick(32);
    const std::uint64_t value = expected.priority + pick(8);
    if (irq < kFirstSpi) return world_.gicr(cpu, arm64::GICR_IPRIORITYR + irq, AccessSize::Byte, value);
    world_.gicd_stopped(arm64::GICD_IPRIORITYR + irq, AccessSize::Byte, value);
  }
  void route(unsigned irq) {
    const unsigned target = pick(DeliveryWorld::kCpus);
    world_.reference(0, irq).target = target;
    world_.gicd_stopped(arm64::GICD_IROUTER + 8 * irq, AccessSize::Double, target);
  }
  void configure(unsigned irq) {
    const bool edge = pick(2) == 0;
    const std::uint64_t offset = arm64::GICD_ICFGR + 4 * (irq / 16);
    const std::uint64_t bit = std::uint64_t{2} << (2 * (irq % 16));
    const std::uint64_t old = world_.gicd_read(offset);
    world_.reference(0, irq).edge = edge;
    world_.gicd_stopped(offset, AccessSize::Word, edge ? old | bit : old & ~bit);
  }
  void send_sgi(unsigned cpu) {
    const std::uint64_t targets = pick(4) == 0 ? arm64::IccSgiR::IRM::kMask : pick(4);
    world_.sgi(cpu, SgiRequest::of_sgi1r(targets | arm64::IccSgiR::INTID::make(pick(16))));
  }

  Choose choose_;
  DeliveryWorld world_;
};

}  // namespace redoubt::vgic
