// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// For tests: the virtual CPU interface of a GICv3, that is, what hardware does with list registers while a guest runs
// (IHI 0069 chapter 6). Knows nothing of the code under test but the register format.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "vgic/list_registers.hpp"

namespace redoubt::vgic {

inline constexpr std::uint64_t kOpenVmcr =
    arm64::IchVmcr::VENG0::kMask | arm64::IchVmcr::VENG1::kMask | arm64::IchVmcr::VPMR::make(0xff);

class FakeCpuInterface {
 public:
  void enter(const LrFile& file) {
    lr_.fill(0);
    for (unsigned n = 0; n < file.used; ++n) lr_[n] = file.lr[n];
    hcr_ = file.hints;
    timer_held_ = file.hold_timer;
  }
  // Returns EOIcount.
  auto leave(LrFile& file) -> unsigned {
    for (unsigned n = 0; n < file.used; ++n) file.lr[n] = lr_[n];
    const unsigned count = eoi_count_;
    eoi_count_ = 0;
    return count;
  }

  // ICC_IAR1_EL1 and ICC_IAR0_EL1 in one.
  auto acknowledge() -> std::optional<std::uint32_t> {
    unsigned best = kNone;
    for (unsigned n = 0; n < lr_.size(); ++n) {
      if (state(n) == kPending && priority(n) < running() && (best == kNone || priority(n) < priority(best))) best = n;
    }
    if (best == kNone) return std::nullopt;
    running_.push_back(priority(best));
    lr_[best] ^= Lr::Pending::kMask | Lr::Active::kMask;
    return static_cast<std::uint32_t>(Lr::VINTID::of(lr_[best]));
  }

  // ICC_EOIR_EL1 with EOImode = 0, of the interrupt acknowledged last.
  void end(std::uint32_t intid) {
    running_.pop_back();
    for (auto& lr : lr_) {
      if (Lr::VINTID::of(lr) == intid && Lr::Active::of(lr) != 0) {
        lr &= ~Lr::Active::kMask;
        if (Lr::HW::of(lr) != 0) timer_held_ = false;  // the end deactivates the physical interrupt
        return;
      }
    }
    ++eoi_count_;
  }

  // A physical interrupt that leads to EL2 while the guest runs: maintenance, or the timer's line not held.
  [[nodiscard]] auto interrupted(bool timer_line) const -> bool {
    return maintenance() || (timer_line && !timer_held_);
  }
  [[nodiscard]] auto maintenance() const -> bool {
    using Hcr = arm64::IchHcr;
    unsigned valid = 0;
    unsigned pending = 0;
    bool ended = false;
    for (unsigned n = 0; n < lr_.size(); ++n) {
      valid += state(n) != 0 ? 1 : 0;
      pending += state(n) == kPending ? 1 : 0;
      ended = ended || (state(n) == 0 && Lr::HW::of(lr_[n]) == 0 && Lr::EOI::of(lr_[n]) != 0);
    }
    return ended || (Hcr::UIE::of(hcr_) != 0 && valid <= 1) || (Hcr::NPIE::of(hcr_) != 0 && pending == 0) ||
           (Hcr::LRENPIE::of(hcr_) != 0 && eoi_count_ != 0);
  }
  [[nodiscard]] auto running() const -> std::uint32_t { return running_.empty() ? 0x100 : running_.back(); }

 private:
  using Lr = arm64::IchLr;
  static constexpr unsigned kNone = 99;
  static constexpr std::uint64_t kPending = 1;
  [[nodiscard]] auto state(unsigned n) const -> std::uint64_t { return lr_[n] >> 62U; }
  [[nodiscard]] auto priority(unsigned n) const -> std::uint32_t {
    return static_cast<std::uint32_t>(Lr::Priority::of(lr_[n]));
  }

  std::array<std::uint64_t, arm64::kGicMaxLrs> lr_{};
  std::vector<std::uint32_t> running_;
  std::uint64_t hcr_ = 0;
  unsigned eoi_count_ = 0;
  bool timer_held_ = false;
};

}  // namespace redoubt::vgic
