// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// From an exit record to what the host has to do about it.
#pragma once

#include "abi/run.h"
#include "kvm/shim.h"

namespace redoubt::kvm {

// EL2 does not know memslots: it reports a data access to an address it has not mapped as MMIO if the instruction can be
// emulated. Here such an access becomes "back this page" when the address is memory.
[[nodiscard]] auto decode_exit(const rk_vm& vm, const rd_run_exit& exit) noexcept -> rk_action;

}  // namespace redoubt::kvm
