// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "kvm/capabilities.hpp"

#include "abi/hypercall.h"
#include "abi/kvm.h"
#include "kvm/irq_routing.hpp"
#include "kvm/memslots.hpp"

namespace redoubt::kvm {
namespace {

// KVM_CAP_* (uapi linux/kvm.h).
enum class Cap : std::uint32_t {
  kIrqchip = 0,
  kUserMemory = 3,
  kNrVcpus = 9,
  kNrMemslots = 10,
  kMpState = 14,
  kDestroyMemoryRegionWorks = 21,
  kIrqRouting = 25,
  kJoinMemoryRegionsWorks = 30,
  kIrqfd = 32,
  kIoeventfd = 36,
  kInternalErrorData = 40,
  kMaxVcpus = 66,
  kOneReg = 70,
  kReadonlyMem = 81,
  kIrqfdResample = 82,
  kArmPsci = 87,
  kDeviceCtrl = 89,
  kIoeventfdNoLength = 100,
  kArmPsci_0_2 = 102,
  kCheckExtensionVm = 105,
  kIoeventfdAnyLength = 122,
  kMaxVcpuId = 128,
  kImmediateExit = 136,
  kArmVmIpaSize = 165,
  kArmIrqLineLayout2 = 174,
  kSystemEventData = 215,
};

constexpr std::uint32_t kDefaultIpaBits = 40;

}  // namespace

auto capability(std::uint32_t number, std::uint32_t max_ipa_bits) noexcept -> int {
  switch (static_cast<Cap>(number)) {
    case Cap::kNrVcpus:
    case Cap::kMaxVcpus:
    case Cap::kMaxVcpuId: return RD_MAX_VCPUS;
    case Cap::kNrMemslots: return kMaxMemslots;
    case Cap::kIrqRouting: return kMaxRoutes;
    case Cap::kArmVmIpaSize: return static_cast<int>(max_ipa_bits);
    case Cap::kIrqchip:
    case Cap::kUserMemory:
    case Cap::kMpState:
    case Cap::kDestroyMemoryRegionWorks:
    case Cap::kJoinMemoryRegionsWorks:
    case Cap::kIrqfd:
    case Cap::kIrqfdResample:
    case Cap::kIoeventfd:
    case Cap::kIoeventfdNoLength:
    case Cap::kIoeventfdAnyLength:
    case Cap::kInternalErrorData:
    case Cap::kOneReg:
    case Cap::kReadonlyMem:
    case Cap::kArmPsci:
    case Cap::kArmPsci_0_2:
    case Cap::kDeviceCtrl:
    case Cap::kCheckExtensionVm:
    case Cap::kImmediateExit:
    case Cap::kArmIrqLineLayout2:
    case Cap::kSystemEventData: return 1;
    default: return 0;
  }
}

auto parse_vm_type(std::uint64_t type, std::uint32_t max_ipa_bits, rk_vm_type& out) noexcept -> KvmResult<> {
  constexpr std::uint64_t kKnown = RD_KVM_TYPE_IPA_MASK | RD_KVM_TYPE_REALM | RD_KVM_TYPE_PKVM;
  out = rk_vm_type{};
  if ((type & ~kKnown) != 0) return KvmError{Errno::kInval};
  if ((type & RD_KVM_TYPE_PKVM) != 0) {
    out.pkvm_asked = 1;
    return KvmError{Errno::kInval};
  }
  const auto asked = static_cast<std::uint32_t>(type & RD_KVM_TYPE_IPA_MASK);
  const std::uint32_t bits = asked == 0 ? kDefaultIpaBits : asked;
  // As KVM, 32 bits may be asked for; a stage-2 table with a level-1 root is as large for 33.
  if (bits < RD_MIN_IPA_BITS - 1 || bits > max_ipa_bits) return KvmError{Errno::kInval};
  out.ipa_bits = bits < RD_MIN_IPA_BITS ? RD_MIN_IPA_BITS : bits;
  out.vm_flags = (type & RD_KVM_TYPE_REALM) != 0 ? RD_VM_PROTECTED | RD_VM_RSI : 0;
  return {};
}

}  // namespace redoubt::kvm
