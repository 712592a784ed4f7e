// SPDX-License-Identifier: Apache-2.0
#include "vmm/vm/ending.hpp"

#include <linux/kvm.h>

#include "abi/kvm.h"
#include "abi/run.h"

namespace redoubt::vmm {
namespace {

// data[1], abi/kvm.h: the guest address it concerns.
[[nodiscard]] auto fault_place(std::span<const std::uint64_t> data) -> std::string {
  return data.size() >= RD_KVM_CRASH_NDATA && data[1] != 0 ? fmt::format(" [guest address {:#x}]", data[1]) : "";
}

[[nodiscard]] auto fault_text(std::span<const std::uint64_t> data) -> std::string {
  switch (data.empty() ? 0 : data[0]) {
    case RD_FAULT_NOT_REALM:
      return "the guest kernel is not a realm kernel: it touched a device before it asked for Arm's Realm Services "
             "Interface (protected guests need Linux 6.13 or newer)";
    case RD_FAULT_STATE:
      return "the guest entered an execution state that Redoubt does not run (AArch32, or an illegal PSTATE)";
    case RD_FAULT_SERROR: return "the hardware reported an asynchronous error (SError) while the guest ran";
    case RD_FAULT_UNEXPECTED: return "the guest caused an exception that the hypervisor does not expect";
    default: return "the hypervisor reports that the guest crashed";
  }
}

}  // namespace

auto ending_of_system_event(unsigned vcpu, std::uint32_t type, std::span<const std::uint64_t> data, bool is_protected)
    -> Ending {
  switch (type) {
    case KVM_SYSTEM_EVENT_SHUTDOWN: return {static_cast<int>(ExitCode::kGuestOff), ""};
    case KVM_SYSTEM_EVENT_RESET:
      return {static_cast<int>(ExitCode::kGuestReset),
              is_protected ? "guest asked for a reset: start a new VM, because a protected one cannot run again"
                           : "guest asked for a reset"};
    case KVM_SYSTEM_EVENT_CRASH:
      return {static_cast<int>(ExitCode::kGuestFault),
              fmt::format("vCPU {}: {}{}", vcpu, fault_text(data), fault_place(data))};
    default:
      return {static_cast<int>(ExitCode::kFailure), fmt::format("vCPU {}: KVM reports system event {}", vcpu, type)};
  }
}

auto ending_after_panic(Ending ending, const std::string& reason) -> Ending {
  if (ending.code != static_cast<int>(ExitCode::kGuestReset)) return ending;
  return {static_cast<int>(ExitCode::kGuestFault),
          fmt::format("the guest's kernel panicked, by its console: {}", reason)};
}

}  // namespace redoubt::vmm
