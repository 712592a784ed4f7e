// SPDX-License-Identifier: Apache-2.0
// A vCPU's registers by number (abi/reg.h), for VCPU_REG_GET and VCPU_REG_SET.
#pragma once

#include <cstdint>

#include "base/addr.hpp"
#include "base/result.hpp"
#include "hyp/vcpu/vcpu.hpp"

namespace redoubt::hyp {

using RegisterId = detail::Quantity<struct RegisterIdTag>;

struct RegisterValue {
  std::uint64_t low, high;  // high: upper half of a vector register
};

// The vCPU is on no CPU; the caller holds the core lock. NOT_FOUND: no such register; INVALID: a value it cannot hold;
// PERM: of a protected VM, not one of the boot registers (x0..x7, PC, PSTATE) or no longer readable.
[[nodiscard]] auto get_register(Vcpu& vcpu, RegisterId id, bool protected_vm, bool finalised) noexcept
    -> Result<RegisterValue>;
[[nodiscard]] auto set_register(Vcpu& vcpu, RegisterId id, RegisterValue value, bool protected_vm) noexcept -> Result<>;

}  // namespace redoubt::hyp
