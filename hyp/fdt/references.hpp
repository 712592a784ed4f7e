// SPDX-License-Identifier: Apache-2.0
// Properties that tie a device to another one that may be gone.
#pragma once

#include "hyp/fdt/policy.hpp"
#include "hyp/fdt/reader.hpp"

namespace redoubt::hyp::fdt {

// Whether `property` is an MSI, IOMMU or DMA reference of which at least one target is removed by `policy`. A driver
// that found such a reference would wait for its target for ever.
[[nodiscard]] auto refers_to_removed(const Reader& reader, const Policy& policy, const Token& property) noexcept
    -> bool;

}  // namespace redoubt::hyp::fdt
