// SPDX-License-Identifier: Apache-2.0
// KVM numbers that the Linux headers of the build machine may not have yet.
#pragma once

#include <cstdint>

#include "abi/kvm.h"

namespace redoubt::vmm {

// KVM_CREATE_VM: the IPA size in bits is in [7:0] (Linux Documentation/virt/kvm/api.rst, 4.2); 0 means 40.
inline constexpr std::uint64_t kVmTypeRealm = RD_KVM_TYPE_REALM;
inline constexpr unsigned kDefaultIpaBits = 40;

// kvm_run.exit_reason values newer than Linux 6.1's header (api.rst, section 5).
inline constexpr std::uint32_t kExitMemoryFault = 39;

}  // namespace redoubt::vmm
