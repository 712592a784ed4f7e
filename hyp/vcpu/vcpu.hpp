// SPDX-License-Identifier: Apache-2.0
// A vCPU as EL2 keeps it: one page the host donated, never readable by the host.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "abi/run.h"
#include "base/addr.hpp"
#include "base/bits.hpp"
#include "hyp/vcpu/context.hpp"
#include "vgic/list_registers.hpp"
#include "vgic/private_irqs.hpp"
#include "vgic/spi_set.hpp"

namespace redoubt::hyp {

struct GuestVm;

// Where a vCPU stands in PSCI's terms. CLAIMED is the short time in which a CPU_ON caller writes the start address.
enum class Power : std::uint32_t { OFF, CLAIMED, ON_PENDING, ON };

// The exit that the host was last told about and may answer; anything else it answers is refused.
enum class Await : std::uint8_t { NOTHING, MMIO_READ, MMIO_WRITE, MEMORY };

struct PendingAccess {
  Await await = Await::NOTHING;
  bool sign_extend = false;
  bool register64 = false;
  std::uint8_t size_log2 = 0;
  std::uint8_t target = 0;  // x register, 31 = discard
  bool may_inject =
      false;  // the host may answer with an external abort (access to the shared half or to an ordinary VM)
  std::uint64_t far = 0;
};

// What a load of `width` bits leaves in a register: the fields SSE and SF of ESR_EL2.ISS decide about the upper bits.
[[nodiscard]] constexpr auto loaded_value(std::uint64_t value, unsigned width, bool sign_extend,
                                          bool register64) noexcept -> std::uint64_t {
  value &= bit_mask(0, width);
  if (sign_extend && (value & bit(width - 1)) != 0) value |= ~bit_mask(0, width);
  return register64 ? value : value & 0xffff'ffff;
}
static_assert(loaded_value(0x1'80, 8, true, true) == 0xffff'ffff'ffff'ff80);
static_assert(loaded_value(0x80, 8, true, false) == 0xffff'ff80 && loaded_value(0x7f80, 16, true, true) == 0x7f80);

struct VirtualGic {
  vgic::PrivateIrqs irqs;
  vgic::SpiSet spis;
  vgic::LrFile file;
  std::uint64_t vmcr, ap0r0, ap1r0;
  std::array<std::uint64_t, 3> ap0_more, ap1_more;  // ICH_AP0R1..3, ICH_AP1R1..3: more than 5 preemption bits
  std::atomic<std::uint32_t> inbox;                 // SGIs from other vCPUs; any CPU ORs into it
  bool timer_active;                                // EL2 made physical PPI 27 active on the loaded CPU
  bool level_ended;                                 // fold() saw the end of a level-triggered SPI
};

struct Vcpu {
  Context context;
  FpState fp;
  VirtualGic gic;
  std::uint64_t cntv_ctl, cntv_cval;
  GuestVm* vm;
  rd_run* run;  // the run page through EL2's linear map: the host writes it at any time
  std::uint64_t mpidr;
  std::uint32_t index;
  std::atomic<Power> power;
  std::uint64_t start_pc, start_context;  // of CPU_ON, valid in ON_PENDING
  PendingAccess pending;
  bool fp_live;  // the FP registers of the loaded CPU hold this vCPU's values
};

static_assert(sizeof(Vcpu) <= kPageSize, "a vCPU is one donated page");

}  // namespace redoubt::hyp
