// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// From interrupt state to list registers and back (IHI 0069 chapter 6 and 12.4.8).
//
// Protocol, all on the CPU that has the vCPU loaded:
//   exit:   for n < file.used read ICH_LR<n>_EL2 into file.lr[n]; fold(); then zero those registers or leave them to
//           the next entry (registers n >= used must be zero when the guest runs).
//   before any redistributor access, deliverable_with(), SpiSet::load() or SpiSet::status(): fold() must have run.
//   entry:  set_level(27, timer line); fold_inbox(exchange(inbox, 0)); compose(); write file.lr[0..used); set the bits
//           of ICH_HCR_EL2 that file.hints name. If file.hold_timer: set GICR_ISACTIVER0[pINTID] of this CPU, and clear
//           it at the exit to the host and whenever compose() clears the flag.
// A trap that touches no interrupt state may skip both fold() and compose(). compose() on a file that was not folded
// changes nothing, fold() on an empty file changes nothing: a misplaced call cannot lose an interrupt.
#pragma once

#include <array>
#include <cstdint>

#include "vgic/private_irqs.hpp"
#include "vgic/spi_set.hpp"
#include "vgic/types.hpp"

namespace redoubt::vgic {

// Facts of the physical CPU interface, from ICH_VTR_EL2 and the device tree.
struct GicCpuConfig {
  std::uint8_t nr_lrs;         // 2..16 (ICH_VTR_EL2.ListRegs + 1). With 1 no refill interrupt is possible, only delay
  std::uint8_t priority_mask;  // implemented bits: 0xf8 when ICH_VTR_EL2.PRIbits = 4; see priority_mask_of()
  std::uint16_t timer_pintid;  // physical PPI of the virtual timer (27): vINTID 27 uses HW = 1 with it. 0: use HW = 0

  [[nodiscard]] static constexpr auto of_vtr(std::uint64_t ich_vtr, std::uint16_t timer_pintid) noexcept
      -> GicCpuConfig {
    const auto bits = static_cast<unsigned>(arm64::IchVtr::PRIbits::of(ich_vtr)) + 1;
    return {.nr_lrs = static_cast<std::uint8_t>(arm64::IchVtr::ListRegs::of(ich_vtr) + 1),
            .priority_mask = static_cast<std::uint8_t>(kPriorityMask & (0xff00U >> bits)),
            .timer_pintid = timer_pintid};
  }
};

// Why the caller wants a maintenance interrupt: bits to OR into ICH_HCR_EL2 (UIE, NPIE, LRENPIE), 0 if all fitted.
using MaintenanceHints = std::uint32_t;

struct LrFile {
  static constexpr std::uint8_t kNotSpi = 0xff;

  std::array<std::uint64_t, arm64::kGicMaxLrs> lr{};  // ICH_LR<n>_EL2, n < used
  std::uint8_t used = 0;                              // registers composed and not yet folded
  // The physical timer interrupt must be kept from firing: vINTID 27 is in a register with HW = 1 (its end releases the
  // physical one), or the line is high although nothing can be presented now (then only a trap can change that).
  bool hold_timer = false;
  MaintenanceHints hints = 0;
  std::uint16_t offered_pending = 0;                     // registers composed with State.Pending
  std::array<std::uint8_t, arm64::kGicMaxLrs> source{};  // SpiSet index, or kNotSpi for a private interrupt
};

struct FoldResult {
  bool level_spi_ended;  // the guest finished a level-sensitive SPI: leave to the host, which knows the line
};

// Presents the most urgent interrupts: active ones first (private before SPI), then pending by priority; the last
// register is kept for a pending private interrupt if there is one and none was placed.
void compose(PrivateIrqs& irqs, SpiSet& spis, const GicCpuConfig& config, LrFile& file) noexcept;

// Takes the state back from file.lr[0..used) and empties the file. eoi_count: ICH_HCR_EL2.EOIcount at exit (the caller
// writes it back as 0): that many of the active interrupts that had no register were ended, most urgent first, which is
// the order of EOImode = 0.
auto fold(PrivateIrqs& irqs, SpiSet& spis, LrFile& file, unsigned eoi_count) noexcept -> FoldResult;

// Wake-up condition of WFI. Precondition: folded, inbox folded, timer line set.
[[nodiscard]] inline auto deliverable_with(const PrivateIrqs& irqs, const SpiSet& spis, std::uint64_t ich_vmcr) noexcept
    -> bool {
  return irqs.deliverable_with(ich_vmcr) || spis.deliverable_with(ich_vmcr);
}

}  // namespace redoubt::vgic
