// SPDX-License-Identifier: Apache-2.0
#include "hyp/host/host_gicr.hpp"

#include "arch/arm64_defs/gic.hpp"
#include "hyp/cpu/machine_state.hpp"
#include "hyp/mm/layout.h"

namespace redoubt::hyp {
namespace {

using namespace arm64;

constexpr std::uint64_t kCtlrEnableLpis = 1;
constexpr std::uint64_t kTyperLpiBits = bit(0) | bit(3);  // PLPIS, DirectLPI

// An access to a reserved place may abort, and here that abort would be EL2's own: only registers that exist are read, with
// the size they have. The rest, PROPBASER and PENDBASER among it, reads as zero.
auto word_register(std::uint64_t offset) noexcept -> bool {
  return offset == GICR_CTLR || offset == GICR_IIDR || offset == GICR_STATUSR || offset == GICR_WAKER ||
         offset >= GIC_PIDR4;
}

}  // namespace

auto redistributor_frame(Pa at) noexcept -> std::optional<std::uint64_t> {
  const auto& state = machine();
  for (unsigned n = 0; n < state.gicr_count; ++n) {
    const auto offset = at.value() - state.gicr_frames[n].value();
    if (offset < kGicFrameSize) return EL2_DEVICE_VA + at.value();
  }
  return std::nullopt;
}

auto read_redistributor(std::uint64_t va, std::uint64_t size_log2) noexcept -> std::uint64_t {
  const auto offset = va & (kGicFrameSize - 1);
  if (align_down(offset, 8) == GICR_TYPER && size_log2 >= 2) {
    const auto typer = *reinterpret_cast<volatile std::uint64_t*>(align_down(va, 8)) & ~kTyperLpiBits;
    return size_log2 == 3 ? typer : (typer >> (8 * (offset & 4))) & bit_mask(0, 32);
  }
  if (size_log2 != 2 || !word_register(offset)) return 0;
  const std::uint64_t value = *reinterpret_cast<volatile std::uint32_t*>(va);
  return offset == GICR_CTLR ? value & ~kCtlrEnableLpis : value;
}

// Only what a host without LPIs needs to write: CTLR (without EnableLPIs), STATUSR, WAKER. Registers that name memory or
// LPIs, and all unknown ones, ignore writes.
void write_redistributor(std::uint64_t va, std::uint64_t size_log2, std::uint64_t value) noexcept {
  const auto offset = va & (kGicFrameSize - 1);
  if (size_log2 != 2) return;
  if (offset == GICR_CTLR) value &= ~kCtlrEnableLpis;
  if (offset == GICR_CTLR || offset == GICR_STATUSR || offset == GICR_WAKER) {
    *reinterpret_cast<volatile std::uint32_t*>(va) = static_cast<std::uint32_t>(value);
  }
}

}  // namespace redoubt::hyp
