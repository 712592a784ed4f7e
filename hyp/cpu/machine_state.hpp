// SPDX-License-Identifier: Apache-2.0
// Facts about the machine that boot finds and nothing changes afterwards.
#pragma once

#include <array>
#include <cstdint>

#include "base/addr.hpp"
#include "hyp/cpu/features.hpp"
#include "hyp/mm/layout.h"
#include "vgic/list_registers.hpp"

namespace redoubt::hyp {

struct MachineState {
  Features features;
  TrapConfig host, guest;
  std::uint64_t host_vtcr, host_vttbr;
  vgic::GicCpuConfig gic;
  unsigned active_words;                     // ICH_AP0R<n> and ICH_AP1R<n> that exist: 1, 2 or 4
  std::array<Pa, EL2_MAX_CPUS> gicr_frames;  // RD_base frames, mapped at EL2_DEVICE_VA + PA
  unsigned gicr_count;
  unsigned max_ipa_bits;
  std::uint64_t image_pa, image_bytes;
  std::uint64_t reserved_bytes;
  std::uint32_t dma_policy;  // enum rd_dma_policy
};

// Boot only.
[[nodiscard]] auto machine_for_boot() noexcept -> MachineState&;

namespace detail {
extern MachineState machine_state;
}
[[nodiscard]] inline auto machine() noexcept -> const MachineState& { return detail::machine_state; }

}  // namespace redoubt::hyp
