// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Never forge, never lose: random histories of a two-vCPU VM through redistributors, distributor and list registers are
// compared with ReferenceGic at each acknowledge, and all pending and active state whenever everything has been folded.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

#include "vgic/distributor.hpp"
#include "vgic/fake_cpu_interface.hpp"
#include "vgic/redistributor.hpp"
#include "vgic/reference_gic.hpp"
#include "vgic/sgi.hpp"

namespace redoubt::vgic {
namespace {

using namespace redoubt::arm64;

constexpr unsigned kCpus = ReferenceGic::kCpus;
constexpr unsigned kFirstSpi = 32;
constexpr unsigned kSpis = 24;
constexpr std::size_t kMaxNesting = 12;  // a vCPU's active SPIs must fit the 16 requests of a run

constexpr auto affinity(unsigned cpu) -> Affinity { return Affinity{cpu}; }

class World {
 public:
  World(unsigned nr_lrs, std::uint64_t seed, bool is_protected)
      : config_{.nr_lrs = static_cast<std::uint8_t>(nr_lrs), .priority_mask = 0xf8, .timer_pintid = 27},
        protected_(is_protected),
        random_(seed) {
    EXPECT_TRUE(dist_->init(64, affinity(0)));
    gicd(GICD_CTLR, AccessSize::Word, 3);
    for (auto& cpu : cpus_) enter(cpu);
    for (unsigned irq = 0; irq < kFirstSpi + kSpis; ++irq) enable_at_start(irq);
  }

  void step() {
    const unsigned cpu = pick(kCpus);
    switch (pick(10)) {
      case 0: return change_private(cpu);
      case 1: return change_spi(cpu);
      case 2: return change_line(cpu);
      case 3: return send_sgi(cpu);
      case 4: return drive_spi();
      case 5: return route_spi();
      case 6:
      case 7: return end(cpu);
      default: return acknowledge(cpu);
    }
  }

  // Only acknowledge and end, relying on maintenance interrupts alone for refills, until nothing is left.
  void drain() {
    for (unsigned irq = kFirstSpi; irq < kFirstSpi + kSpis; ++irq) line(irq, false);
    for (unsigned cpu = 0; cpu < kCpus; ++cpu) {
      for (unsigned irq = 16; irq < 32; ++irq) ppi(cpu, irq, false);
      for (int guard = 0; guard < 1000; ++guard) {
        while (acknowledge_now(cpu)) {
        }
        if (cpus_[cpu].stack.empty()) break;
        end(cpu);
      }
      EXPECT_TRUE(cpus_[cpu].stack.empty());
      EXPECT_FALSE(reference_.best(cpu, 0x100)) << "lost on vCPU " << cpu;
    }
    compare_all();
  }

  [[nodiscard]] auto delivered() const -> unsigned { return delivered_; }

  // All vCPUs out, every register against the reference, all in.
  void compare_all() {
    stop_all();
    for (unsigned cpu = 0; cpu < kCpus; ++cpu) {
      for (unsigned irq = 0; irq < 32; ++irq) {
        compare(cpu, irq, (cpus_[cpu].irqs.IPENDR0() >> irq) & 1U, (cpus_[cpu].irqs.IACTIVER0() >> irq) & 1U);
      }
    }
    const std::uint64_t pending = dist_->read(MmioOffset{GICD_ISPENDR + 4}, AccessSize::Word);
    const std::uint64_t active = dist_->read(MmioOffset{GICD_ISACTIVER + 4}, AccessSize::Word);
    for (unsigned n = 0; n < 32; ++n) compare(0, kFirstSpi + n, (pending >> n) & 1U, (active >> n) & 1U);
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

  auto pick(std::uint64_t n) -> unsigned { return static_cast<unsigned>(random_() % n); }
  auto number(const Cpu& cpu) const -> unsigned { return static_cast<unsigned>(&cpu - cpus_.data()); }

  void compare(unsigned cpu, unsigned irq, std::uint64_t pending, std::uint64_t active) {
    const auto& expected = reference_.at(cpu, irq);
    EXPECT_EQ(pending != 0, expected.pending()) << "pending of " << irq << " on " << cpu;
    EXPECT_EQ(active != 0, expected.active) << "active of " << irq << " on " << cpu;
  }

  // What EL2 does at an exit that stays at EL2, in two halves. leave() answers whether the host must be asked.
  auto leave(Cpu& cpu) -> bool {
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
  auto interrupted(const Cpu& cpu) -> bool {
    return cpu.hardware.interrupted(reference_.at(number(cpu), kVirtualTimerIntid.value()).line);
  }
  void trap(Cpu& cpu) {
    if (leave(cpu)) {
      give_back(cpu);
      return enter(cpu);
    }
    resume(cpu);
  }

  // The way out to the host and in again.
  void give_back(Cpu& cpu) {
    cpu.out = true;
    std::vector<std::optional<Affinity>> kicks;
    for (unsigned i = 0; i < cpu.requests.size(); ++i) {
      kicks.push_back(
          dist_->complete(affinity(number(cpu)), {.intid = cpu.requests[i].intid, .flags = cpu.spis.status(i)}));
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
    (void)leave(cpu);
    give_back(cpu);
  }
  void kick(std::optional<Affinity> who) {
    if (!who) return;
    Cpu& cpu = cpus_.at(who->packed());
    if (cpu.out) return;
    exit_to_host(cpu);
    enter(cpu);
  }
  void stop_all() {
    for (auto& cpu : cpus_) {
      if (!cpu.out) exit_to_host(cpu);
    }
  }
  void start_all() {
    for (auto& cpu : cpus_) enter(cpu);
  }
  // A guest's distributor access as the module does it: the writer is out; others only if they have to be.
  void gicd(std::uint64_t offset, AccessSize size, std::uint64_t value, unsigned writer = 0) {
    mirror_.observe_write(MmioOffset{offset}, size, value);
    exit_to_host(cpus_[writer]);
    if (dist_->sync_needed(MmioOffset{offset})) stop_all();
    const bool rescan = dist_->write(MmioOffset{offset}, size, value).rescan;
    start_all();
    for (unsigned cpu = 0; cpu < kCpus; ++cpu) {
      if (rescan && dist_->has_pending_for(affinity(cpu))) kick(affinity(cpu));
    }
  }

  void gicr(unsigned cpu, std::uint64_t offset, AccessSize size, std::uint64_t value) {
    const bool ended = leave(cpus_[cpu]);
    redistributor_write(cpus_[cpu].irqs, MmioOffset{offset}, size, value);
    if (ended) give_back(cpus_[cpu]), enter(cpus_[cpu]);
    else resume(cpus_[cpu]);
  }

  void enable_at_start(unsigned irq) {
    if (irq >= kFirstSpi) {
      reference_.at(0, irq).enabled = true;
      return gicd(GICD_ISENABLER + 4, AccessSize::Word, std::uint64_t{1} << (irq % 32));
    }
    for (unsigned cpu = 0; cpu < kCpus; ++cpu) {
      reference_.at(cpu, irq).enabled = true;
      gicr(cpu, GICR_ISENABLER0, AccessSize::Word, std::uint64_t{1} << irq);
    }
  }

  void change_private(unsigned cpu) {
    const unsigned irq = pick(32);
    const std::uint32_t mask = 1U << irq;
    auto& expected = reference_.at(cpu, irq);
    switch (pick(6)) {
      case 0: expected.enabled = false; return gicr(cpu, GICR_ICENABLER0, AccessSize::Word, mask);
      case 1: expected.latch = true; return gicr(cpu, GICR_ISPENDR0, AccessSize::Word, mask);
      case 2: expected.latch = false; return gicr(cpu, GICR_ICPENDR0, AccessSize::Word, mask);
      case 3: return set_priority(cpu, irq);
      default: expected.enabled = true; return gicr(cpu, GICR_ISENABLER0, AccessSize::Word, mask);
    }
  }

  // The priority of an active interrupt is left alone: the order of ends is defined by what it was (4.8.6).
  void set_priority(unsigned cpu, unsigned irq) {
    auto& expected = reference_.at(cpu, irq);
    if (expected.active) return;
    expected.priority = 8 * pick(32);
    if (irq < kFirstSpi) return gicr(cpu, GICR_IPRIORITYR + irq, AccessSize::Byte, expected.priority + pick(8));
    stop_all();
    (void)dist_->write(MmioOffset{GICD_IPRIORITYR + irq}, AccessSize::Byte, expected.priority + pick(8));
    start_all();
  }

  void change_spi(unsigned cpu) {
    const unsigned irq = kFirstSpi + pick(kSpis);
    const std::uint64_t mask = std::uint64_t{1} << (irq % 32);
    auto& expected = reference_.at(cpu, irq);
    switch (pick(6)) {
      case 0: expected.enabled = false; return gicd(GICD_ICENABLER + 4, AccessSize::Word, mask, cpu);
      case 1: expected.latch = true; return gicd(GICD_ISPENDR + 4, AccessSize::Word, mask, cpu);
      case 2: expected.latch = false; return gicd(GICD_ICPENDR + 4, AccessSize::Word, mask, cpu);
      case 3: return set_priority(cpu, irq);
      default: expected.enabled = true; return gicd(GICD_ISENABLER + 4, AccessSize::Word, mask, cpu);
    }
  }

  void route_spi() {
    const unsigned irq = kFirstSpi + pick(kSpis);
    const unsigned target = pick(kCpus);
    stop_all();
    if (pick(2) == 0) {
      (void)dist_->write(MmioOffset{GICD_IROUTER + 8 * irq}, AccessSize::Double, target);
      reference_.at(0, irq).target = target;
    } else {
      const bool edge = pick(2) == 0;
      const std::uint64_t offset = GICD_ICFGR + 4 * (irq / 16);
      const std::uint64_t bit = std::uint64_t{2} << (2 * (irq % 16));
      const std::uint64_t old = dist_->read(MmioOffset{offset}, AccessSize::Word);
      (void)dist_->write(MmioOffset{offset}, AccessSize::Word, edge ? old | bit : old & ~bit);
      reference_.at(0, irq).edge = edge;
    }
    start_all();
  }

  void ppi(unsigned cpu, unsigned irq, bool high) {
    const bool ended = leave(cpus_[cpu]);
    reference_.set_line(cpu, irq, high);
    cpus_[cpu].irqs.set_level(Intid{irq}, high);
    if (ended) give_back(cpus_[cpu]), enter(cpus_[cpu]);
    else resume(cpus_[cpu]);
  }
  void change_line(unsigned cpu) { ppi(cpu, 16 + pick(16), pick(2) == 0); }

  void line(unsigned irq, bool high) {
    reference_.set_line(0, irq, high);
    kick(dist_->set_line(Intid{irq}, high));
  }
  void drive_spi() {
    const unsigned irq = kFirstSpi + pick(kSpis);
    if (pick(3) != 0) return line(irq, pick(2) == 0);
    reference_.at(0, irq).latch = true;
    kick(dist_->pulse(Intid{irq}));
  }

  void send_sgi(unsigned cpu) {
    const std::uint64_t value = pick(4) == 0 ? IccSgiR::IRM::kMask : pick(4);
    const auto request = SgiRequest::of_sgi1r(value | IccSgiR::INTID::make(pick(16)));
    for (unsigned target = 0; target < kCpus; ++target) {
      if (!request.matches(affinity(target), affinity(cpu))) continue;
      reference_.at(target, request.intid().value()).latch = true;
      cpus_[target].inbox |= request.inbox_bits();
      trap(cpus_[target]);
    }
  }

  void acknowledge(unsigned cpu) {
    if (cpus_[cpu].stack.size() < kMaxNesting) (void)acknowledge_now(cpu);
  }
  auto acknowledge_now(unsigned number) -> bool {
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
    if (interrupted(cpu)) trap(cpu);
    return true;
  }

  void end(unsigned number) {
    Cpu& cpu = cpus_[number];
    if (cpu.stack.empty()) return;
    reference_.end(number, cpu.stack.back());
    cpu.hardware.end(cpu.stack.back());
    cpu.stack.pop_back();
    if (interrupted(cpu)) trap(cpu);
  }

  GicCpuConfig config_;
  bool protected_;
  unsigned delivered_ = 0;
  std::mt19937_64 random_;
  std::unique_ptr<Distributor> dist_ = std::make_unique<Distributor>();
  SpiEnableMirror mirror_;
  std::array<Cpu, kCpus> cpus_;
  ReferenceGic reference_;
};

class Delivery : public ::testing::TestWithParam<unsigned> {};

TEST_P(Delivery, good_random_history_forges_and_loses_nothing) {
  unsigned delivered = 0;
  for (std::uint64_t seed = 0; seed < 40 && !HasFailure(); ++seed) {
    World world{GetParam(), seed, seed % 2 == 0};
    for (int i = 0; i < 1500 && !HasFailure(); ++i) {
      world.step();
      if (i % 50 == 0) world.compare_all();
    }
    if (!HasFailure()) world.drain();
    delivered += world.delivered();
    if (HasFailure()) ADD_FAILURE() << "seed " << seed;
  }
  EXPECT_GT(delivered, 4000U) << "the history exercised too little";
}

INSTANTIATE_TEST_SUITE_P(ListRegisters, Delivery, ::testing::Values(2U, 3U, 4U, 16U));

}  // namespace
}  // namespace redoubt::vgic
