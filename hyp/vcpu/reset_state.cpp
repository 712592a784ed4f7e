// SPDX-License-Identifier: Apache-2.0
#include "hyp/vcpu/reset_state.hpp"

#include "arch/arm64_defs/el2_regs.hpp"

namespace redoubt::hyp {
namespace {

// RES1 bits of SCTLR_EL1 with the MMU and caches off (Arm ARM D19.2.131).
constexpr std::uint64_t kSctlrReset = 0x30d0'0800;

}  // namespace

void reset_registers(Vcpu& vcpu) noexcept {
  vcpu.context = Context{};
  vcpu.context.pstate = arm64::pstate::kEl1h | arm64::pstate::kDaif;
  vcpu.context.el1.sctlr = kSctlrReset;
  vcpu.fp = FpState{};
  vcpu.cntv_ctl = 0;
  vcpu.cntv_cval = 0;
  vcpu.gic.vmcr = 0;
  vcpu.gic.ap0r0 = 0;
  vcpu.gic.ap1r0 = 0;
  vcpu.gic.ap0_more = {};
  vcpu.gic.ap1_more = {};
  vcpu.pending = PendingAccess{};
}

}  // namespace redoubt::hyp
