// SPDX-License-Identifier: Apache-2.0
// Boot: takes the SMMUs before anybody else can.
#pragma once

#include <cstdint>
#include <span>

#include "core/smmu/stream_table.hpp"
#include "hyp/fdt/platform.hpp"

namespace redoubt::hyp {

// Stops every device behind an SMMU that EL2 can use; answers the phandles of those. `host` need not know its root
// yet. Logs why an SMMU cannot be used: the devices behind it are nobody's.
[[nodiscard]] auto take_smmus(const fdt::PlatformInfo& platform, const core::smmu::HostStage2& host) noexcept
    -> std::span<const std::uint32_t>;

// Devices go through the host's stage 2 from here on.
void start_smmus(const core::smmu::HostStage2& host) noexcept;

}  // namespace redoubt::hyp
