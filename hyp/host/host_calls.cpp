// SPDX-License-Identifier: Apache-2.0
// Dispatch of abi/hypercall.def. A call gets its arguments by value and answers a status and up to three results.
#include "abi/error.h"
#include "abi/hypercall.h"
#include "arch/arm64/common/sysreg_access.hpp"
#include "arch/arm64_defs/esr.hpp"
#include "core/ownership/donate.hpp"
#include "core/ownership/reclaim.hpp"
#include "core/ownership/share.hpp"
#include "core/vm/lifecycle.hpp"
#include "hyp/core_state.hpp"
#include "hyp/host/host_info.hpp"
#include "hyp/host/host_traps.hpp"
#include "hyp/host/vm_calls.hpp"
#include "hyp/vcpu/run.hpp"

namespace redoubt::hyp {
namespace {

using core::VmHandle;

void set_error(Context& host, Error error) noexcept { host.x[0] = static_cast<std::uint64_t>(status_of(error)); }

void answer(Context& host, const Result<>& result) noexcept {
  if (!result) return set_error(host, result.error());
  host.x[0] = 0;
}

void answer(Context& host, const Result<std::uint64_t>& result) noexcept {
  if (!result) return set_error(host, result.error());
  host.x[0] = 0;
  host.x[1] = *result;
}

void identify(Context& host) noexcept {
  host.x[0] = RD_UID_0;
  host.x[1] = RD_UID_1;
  host.x[2] = RD_UID_2;
  host.x[3] = RD_UID_3;
}

void version(Context& host) noexcept {
  host.x[0] = 0;
  host.x[1] = RD_ABI_VERSION;
  host.x[2] = RD_FEATURE_PROTECTED_RSI | kImageFeatures;
  host.x[3] = 0;
}

// Calls about memory: all of them are core's, under its lock.
void memory_call(Context& host, unsigned number) noexcept {
  const auto& x = host.x;
  Locked core{core_state()};
  switch (number) {
    case RD_CALL_VM_TOPUP: return answer(host, core::vm_topup(*core, VmHandle{x[1]}, Pfn{x[2]}));
    case RD_CALL_MEM_DONATE: return answer(host, core::mem_donate(*core, VmHandle{x[1]}, Gfn{x[2]}, Pfn{x[3]}, x[4]));
    case RD_CALL_MEM_SHARE:
      return answer(host, core::mem_share(*core, VmHandle{x[1]}, Gfn{x[2]}, Pfn{x[3]}, x[4], x[5]));
    case RD_CALL_MEM_UNSHARE: return answer(host, core::mem_unshare(*core, VmHandle{x[1]}, Gfn{x[2]}, x[3]));
    default: return answer(host, core::page_reclaim(*core, Pfn{x[1]}, x[2]));
  }
}

void dispatch(PerCpu& cpu, unsigned number) noexcept {
  auto& host = cpu.host;
  const auto& x = host.x;
  switch (number) {
    case RD_CALL_VERSION: return version(host);
    case RD_CALL_INFO: return answer(host, host_info(x[1]));
    case RD_CALL_LOG_READ: return log_read(host);
    case RD_CALL_CPU_STATE: return answer(host, cpu_state(cpu, x[1]));
    case RD_CALL_VM_CREATE: return answer(host, vm_create(x));
    case RD_CALL_VM_SET_RAM: return answer(host, vm_set_ram(x));
    case RD_CALL_VM_FINALISE: return answer(host, vm_finalise(x));
    case RD_CALL_VM_TEARDOWN: return answer(host, vm_teardown(x));
    case RD_CALL_VM_DESTROY: return answer(host, vm_destroy(x));
    case RD_CALL_VM_SET_GIC: return answer(host, vm_set_gic(x));
    case RD_CALL_VM_INFO: return answer(host, vm_info(x));
    case RD_CALL_VCPU_CREATE: return answer(host, vcpu_create(x));
    case RD_CALL_VCPU_REG_GET: return vcpu_reg_get(host);
    case RD_CALL_VCPU_REG_SET: return answer(host, vcpu_reg_set(x));
    case RD_CALL_VCPU_INIT: return answer(host, vcpu_init(x));
    case RD_CALL_VCPU_RUN: return run_vcpu(cpu, x[1], x[2]);
    case RD_CALL_MEM_DONATE_IMAGE: return answer(host, mem_donate_image(x));
    case RD_CALL_VM_TOPUP:
    case RD_CALL_MEM_DONATE:
    case RD_CALL_MEM_SHARE:
    case RD_CALL_MEM_UNSHARE:
    case RD_CALL_PAGE_RECLAIM: return memory_call(host, number);
    default: return set_error(host, Error::NOT_SUPPORTED);
  }
}

}  // namespace

void host_call(PerCpu& cpu) noexcept {
  auto& host = cpu.host;
  const auto fid = host.x[0];
  if (arm64::esr::IMM16::of(RD_READ_SYSREG(ESR_EL2)) != 0) return set_error(host, Error::NOT_SUPPORTED);
  if (fid == RD_SMCCC_UID_CALL) return identify(host);
  // Only calls out of the kernel count: an EL0 HVC is undefined by architecture and never comes here.
  const auto number = fid - RD_HYPERCALL_BASE;
  if (number >= RD_HYPERCALL_LIMIT) return set_error(host, Error::NOT_SUPPORTED);
  dispatch(cpu, static_cast<unsigned>(number));
}

}  // namespace redoubt::hyp
