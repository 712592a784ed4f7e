// SPDX-License-Identifier: Apache-2.0
// The host's calls about VMs and vCPUs that concern more than memory. Arguments: the host's registers, x[1] first.
#pragma once

#include <array>
#include <cstdint>

#include "base/result.hpp"
#include "hyp/vcpu/context.hpp"

namespace redoubt::hyp {

using CallRegisters = std::array<std::uint64_t, 31>;

[[nodiscard]] auto vm_create(const CallRegisters& x) noexcept -> Result<std::uint64_t>;
[[nodiscard]] auto vm_set_ram(const CallRegisters& x) noexcept -> Result<std::uint64_t>;
[[nodiscard]] auto vm_finalise(const CallRegisters& x) noexcept -> Result<>;
[[nodiscard]] auto vm_teardown(const CallRegisters& x) noexcept -> Result<>;
[[nodiscard]] auto vm_destroy(const CallRegisters& x) noexcept -> Result<>;
[[nodiscard]] auto vm_set_gic(const CallRegisters& x) noexcept -> Result<>;
[[nodiscard]] auto vm_info(const CallRegisters& x) noexcept -> Result<std::uint64_t>;
[[nodiscard]] auto mem_donate_image(const CallRegisters& x) noexcept -> Result<>;
[[nodiscard]] auto vcpu_create(const CallRegisters& x) noexcept -> Result<>;
[[nodiscard]] auto vcpu_init(const CallRegisters& x) noexcept -> Result<>;
[[nodiscard]] auto vcpu_reg_set(const CallRegisters& x) noexcept -> Result<>;
void vcpu_reg_get(Context& host) noexcept;

}  // namespace redoubt::hyp
