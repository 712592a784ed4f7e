// SPDX-License-Identifier: Apache-2.0
// Boot: which PCI functions the host may see. An SMMU in front of the bus says nothing of a function that does not use it.
#pragma once

#include "hyp/fdt/policy.hpp"
#include "hyp/fdt/windows.hpp"

namespace redoubt::hyp {

// Looks at every function of the root bus of each PCI host bridge that `policy` leaves to the host. One that does DMA past
// the SMMU, or hides others (a bridge), is switched off; its page of configuration space leaves `windows` and answers as an
// empty slot from then on (host_mmio.hpp).
void audit_pci(const fdt::Reader& reader, const fdt::Policy& policy, fdt::Windows& windows) noexcept;

}  // namespace redoubt::hyp
