// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// The memory-mapped registers of one vCPU's redistributor, RD_base and SGI_base frames (IHI 0069 12.10, 12.11).
//
// Called at EL2 on a guest's data abort inside its GICR window, for its own or (reads and writes of another vCPU's
// frame) under that vCPU's lock. Where redistributor_needs_fold() says so, the caller folds the list registers before the
// call and composes again after it. A wrong width, a misaligned or an unassigned offset reads as zero and ignores writes;
// nothing can fail.
#pragma once

#include <cstdint>

#include "vgic/private_irqs.hpp"
#include "vgic/types.hpp"

namespace redoubt::vgic {

inline constexpr std::uint64_t kRedistributorSize = 2 * arm64::kGicFrameSize;

struct RedistConfig {
  Affinity affinity;               // of the vCPU's MPIDR
  std::uint16_t processor_number;  // index of the vCPU in its VM
  bool last;                       // last frame of a contiguous region: GICR_TYPER.Last
};

// Whether an access touches what list registers may own (pending, active) or what decides about them: only then the
// caller has to fold before it and compose after it.
[[nodiscard]] auto redistributor_needs_fold(MmioOffset offset, bool write) noexcept -> bool;

// offset: bytes from RD_base, below kRedistributorSize (anything above reads as zero).
[[nodiscard]] auto redistributor_read(const PrivateIrqs& irqs, const RedistConfig& config, MmioOffset offset,
                                      AccessSize size) noexcept -> std::uint64_t;
void redistributor_write(PrivateIrqs& irqs, MmioOffset offset, AccessSize size, std::uint64_t value) noexcept;

}  // namespace redoubt::vgic
