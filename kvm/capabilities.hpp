// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Answers of KVM_CHECK_EXTENSION, and the VM types of KVM_CREATE_VM.
#pragma once

#include <cstdint>

#include "kvm/errno.hpp"
#include "kvm/shim.h"

namespace redoubt::kvm {

// 0 for everything unknown or not supported: VMMs act on a non-zero answer and then fail if it was not true.
[[nodiscard]] auto capability(std::uint32_t number, std::uint32_t max_ipa_bits) noexcept -> int;

// kInval: unknown bits, an IPA size outside what the hypervisor has, or the pkvm personality (out.pkvm_asked = 1).
[[nodiscard]] auto parse_vm_type(std::uint64_t type, std::uint32_t max_ipa_bits, rk_vm_type& out) noexcept
    -> KvmResult<>;

}  // namespace redoubt::kvm
