// SPDX-License-Identifier: Apache-2.0
// What must hold of composed list registers whatever the host asked for (IHI 0069H 12.4.8), and what a guest does to them.
#pragma once

#include <bit>
#include <cstdint>

#include "proofs/fuzz/gic_register_model.hpp"
#include "proofs/fuzz/judge.hpp"
#include "vgic/list_registers.hpp"

namespace redoubt::fuzz {

class ListRegisterRules {
 public:
  // The state before compose(). `mirror`: what the guest enabled, nullptr for an ordinary VM.
  ListRegisterRules(const vgic::PrivateIrqs& irqs, const vgic::SpiSet& spis, const vgic::GicCpuConfig& config,
                    std::uint32_t nr_irqs, const vgic::SpiEnableMirror* mirror)
      : deliverable_(irqs.deliverable()),
        active_(irqs.active_bits()),
        wanted_(static_cast<unsigned>(std::popcount(irqs.presentable()) + std::popcount(spis.presentable()))),
        config_(config),
        nr_irqs_(nr_irqs),
        mirror_(mirror) {}

  void check(const vgic::LrFile& file) const {
    const unsigned room = config_.nr_lrs;
    require(file.used == (wanted_ < room ? wanted_ : room), "as many registers as there are interrupts, or all");
    std::uint32_t presented = 0;
    for (unsigned n = 0; n < file.used; ++n) {
      check_one(file.lr[n]);
      const std::uint64_t id = Lr::VINTID::of(file.lr[n]);
      if (id < 32) presented |= std::uint32_t{1} << id;
      for (unsigned k = 0; k < n; ++k) require(Lr::VINTID::of(file.lr[k]) != id, "no interrupt is in two registers");
    }
    const bool crowded = wanted_ > room;
    require(crowded || (deliverable_ & ~presented) == 0, "with room for all, every private interrupt is presented");
    require(deliverable_ == 0 || (presented & deliverable_) != 0, "a pending private interrupt always gets a register");
    require(!crowded || room == 1 || file.hints != 0, "what found no register asks for a maintenance interrupt");
  }

 private:
  using Lr = arm64::IchLr;

  void check_one(std::uint64_t lr) const {
    const std::uint64_t id = Lr::VINTID::of(lr);
    const bool pending = Lr::Pending::of(lr) != 0;
    require(pending || Lr::Active::of(lr) != 0, "a register in use is pending or active");
    require(Lr::Priority::of(lr) % 8 == 0, "five bits of priority");
    require((Lr::HW::of(lr) != 0) == (id == 27 && config_.timer_pintid != 0), "only the timer has a hardware link");
    if (Lr::HW::of(lr) != 0) require(Lr::PINTID::of(lr) == config_.timer_pintid, "and it is to its own interrupt");
    if (id >= 32) {
      require(id < nr_irqs_, "an SPI that the VM has");
      require(!pending || mirror_ == nullptr || mirror_->enabled(vgic::Intid{static_cast<std::uint32_t>(id)}),
              "a protected guest sees only SPIs that it enabled");
      return;
    }
    require(!pending || id < 16 || Lr::Active::of(lr) == 0, "a level interrupt is not active and pending at once");
    const bool was_active = (active_ >> id & 1) != 0;
    require((Lr::Active::of(lr) != 0) == was_active, "active in the register as it was in the state");
    require(was_active || !pending || (deliverable_ >> id & 1) != 0, "a private interrupt that nobody forged");
  }

  std::uint32_t deliverable_, active_;
  unsigned wanted_;
  vgic::GicCpuConfig config_;
  std::uint32_t nr_irqs_;
  const vgic::SpiEnableMirror* mirror_;
};

// The virtual CPU interface: acknowledge makes a pending register active, end takes the active state away.
class GuestRun {
 public:
  GuestRun(vgic::LrFile& file, RegisterModel& model) : file_(file), model_(model) {}

  void act(unsigned number, bool acknowledge) {
    if (number >= file_.used) return;
    std::uint64_t& lr = file_.lr[number];
    const auto id = static_cast<unsigned>(Lr::VINTID::of(lr));
    const bool pending = Lr::Pending::of(lr) != 0;
    const bool active = Lr::Active::of(lr) != 0;
    if (acknowledge && pending && !active) {
      lr ^= Lr::Pending::kMask | Lr::Active::kMask;
      if (id < 32) {
        model_.irq(id).latch = false;
        model_.irq(id).active = true;
      }
    } else if (!acknowledge && active) {
      lr &= ~Lr::Active::kMask;
      if (id < 32) model_.irq(id).active = false;
    }
  }

 private:
  using Lr = arm64::IchLr;
  vgic::LrFile& file_;
  RegisterModel& model_;
};

}  // namespace redoubt::fuzz
