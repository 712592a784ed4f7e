// SPDX-License-Identifier: Apache-2.0
// The parts of scan(), one per kind of node.
#pragma once

#include "hyp/fdt/platform.hpp"

namespace redoubt::hyp::fdt {

[[nodiscard]] auto scan_gic(const Cursor& cursor, GicInfo& gic) noexcept -> FdtResult<>;
[[nodiscard]] auto scan_timer(const Reader& reader, unsigned interrupt_cells, TimerInfo& timer) noexcept -> FdtResult<>;
void scan_chosen(const Reader& reader, ChosenInfo& chosen) noexcept;
// A child of /chosen; nothing happens unless it is a boot module.
[[nodiscard]] auto scan_module(const Cursor& cursor, ChosenInfo& chosen) noexcept -> FdtResult<>;

}  // namespace redoubt::hyp::fdt
