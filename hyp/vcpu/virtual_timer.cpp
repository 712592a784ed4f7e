// SPDX-License-Identifier: Apache-2.0
#include "hyp/vcpu/virtual_timer.hpp"

#include "arch/arm64/common/barrier.hpp"
#include "arch/arm64/common/sysreg_access.hpp"

namespace redoubt::hyp {
namespace {

constexpr std::uint64_t kEnable = 1, kImask = 2, kIstatus = 4;

}  // namespace

// The host can write these registers too: what it left there must not be the guest's timer for an instant.
void timer_enter(Vcpu& vcpu) noexcept {
  RD_WRITE_SYSREG(CNTV_CVAL_EL0, vcpu.cntv_cval);
  if ((vcpu.cntv_ctl & kEnable) != 0) arm64::isb();
  RD_WRITE_SYSREG(CNTV_CTL_EL0, vcpu.cntv_ctl);
}

void timer_leave(Vcpu& vcpu) noexcept {
  vcpu.cntv_ctl = RD_READ_SYSREG(CNTV_CTL_EL0) & (kEnable | kImask);
  vcpu.cntv_cval = RD_READ_SYSREG(CNTV_CVAL_EL0);
  RD_WRITE_SYSREG(CNTV_CTL_EL0, 0);
  RD_WRITE_SYSREG(CNTV_CVAL_EL0, 0);
  if ((vcpu.cntv_ctl & kEnable) != 0) arm64::isb();
}

auto timer_line_live() noexcept -> bool { return (RD_READ_SYSREG(CNTV_CTL_EL0) & 7) == (kEnable | kIstatus); }

auto timer_line_saved(const Vcpu& vcpu) noexcept -> bool {
  return (vcpu.cntv_ctl & (kEnable | kImask)) == kEnable && vcpu.cntv_cval <= RD_READ_SYSREG(CNTVCT_EL0);
}

}  // namespace redoubt::hyp
