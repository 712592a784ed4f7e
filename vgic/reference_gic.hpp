// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// For tests: GICv3 as the manual tells it (IHI 0069 4.1.2, 4.8), one plain record per interrupt, no list registers, no
// bit masks, nothing shared with the code under test. It says what a guest may observe.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

namespace redoubt::vgic {

class ReferenceGic {
 public:
  static constexpr unsigned kCpus = 2;
  static constexpr unsigned kNobody = 99;

  struct Interrupt {
    bool edge = false;
    bool enabled = false;
    bool latch = false;
    bool line = false;
    bool active = false;
    unsigned priority = 0;
    unsigned target = 0;     // vCPU that a new activation goes to
    unsigned active_on = 0;  // vCPU that acknowledged it
    [[nodiscard]] auto pending() const -> bool { return latch || (!edge && line); }
  };

  ReferenceGic() {
    for (unsigned cpu = 0; cpu < kCpus; ++cpu) {
      for (unsigned irq = 0; irq < 32; ++irq) {
        at(cpu, irq).edge = irq < 16;
        at(cpu, irq).target = cpu;
      }
    }
  }

  auto at(unsigned cpu, unsigned irq) -> Interrupt& { return state_[{irq < 32 ? cpu : kNobody, irq}]; }

  void set_line(unsigned cpu, unsigned irq, bool high) {
    Interrupt& i = at(cpu, irq);
    if (i.edge && high && !i.line) i.latch = true;
    i.line = high;
  }
  void set_edge(unsigned irq, bool edge) { at(kNobody, irq).edge = edge; }

  [[nodiscard]] static auto deliverable(const Interrupt& i, unsigned cpu, unsigned running) -> bool {
    return i.pending() && i.enabled && !i.active && i.target == cpu && i.priority < running;
  }

  // Priority of the most urgent interrupt that cpu could acknowledge now.
  [[nodiscard]] auto best(unsigned cpu, unsigned running) const -> std::optional<unsigned> {
    std::optional<unsigned> result;
    for (const auto& [key, i] : state_) {
      if (key.first != kNobody && key.first != cpu) continue;
      if (deliverable(i, cpu, running) && (!result || i.priority < *result)) result = i.priority;
    }
    return result;
  }

  // How many interrupts a vCPU's list registers would have to hold: an upper bound.
  [[nodiscard]] auto presentable(unsigned cpu) const -> unsigned {
    unsigned count = 0;
    for (const auto& [key, i] : state_) {
      if (key.first != kNobody && key.first != cpu) continue;
      count += (i.active ? i.active_on == cpu : i.pending() && i.enabled && i.target == cpu) ? 1 : 0;
    }
    return count;
  }

  // False: cpu acknowledged something it could not have.
  [[nodiscard]] auto acknowledge(unsigned cpu, unsigned irq, unsigned running) -> bool {
    Interrupt& i = at(cpu, irq);
    if (!deliverable(i, cpu, running)) return false;
    i.latch = false;
    i.active = true;
    i.active_on = cpu;
    return true;
  }
  void end(unsigned cpu, unsigned irq) { at(cpu, irq).active = false; }

 private:
  std::map<std::pair<unsigned, unsigned>, Interrupt> state_;
};

}  // namespace redoubt::vgic
