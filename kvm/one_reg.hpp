// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// The registers of KVM_GET_ONE_REG, KVM_SET_ONE_REG and KVM_GET_REG_LIST (Documentation/virt/kvm/api.rst 4.68, arm64).
#pragma once

#include <cstddef>
#include <cstdint>

#include "kvm/errno.hpp"
#include "kvm/shim.h"

namespace redoubt::kvm {

// A register id of the KVM API: architecture, size, coprocessor, register.
using KvmRegId = std::uint64_t;

// kNoEnt: not an arm64 id, a size that does not fit the register, or a register we do not have.
[[nodiscard]] auto lookup_register(KvmRegId id) noexcept -> KvmResult<rk_reg>;

// KVM_GET_REG_LIST: every id in it can be read, and written back with the value read.
[[nodiscard]] auto register_count() noexcept -> std::size_t;
// Precondition: index < register_count().
[[nodiscard]] auto register_at(std::size_t index) noexcept -> KvmRegId;

}  // namespace redoubt::kvm
