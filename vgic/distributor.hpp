// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// The distributor of one VM: state of its SPIs, the GICD registers, and which vCPU is offered what.
//
// Runs in the host (room kvm/), one per VM, every call under the VM's interrupt lock. About 10 KiB: never on a stack.
// All-zero memory plus init() is the reset state.
//
// Hand-out protocol: collect() gives a vCPU its SPIs and marks them in flight; after the run the caller passes each
// status to complete(). An SPI in flight is offered to nobody else; a change of route takes effect when it was given
// back. If the run does not happen, complete() with flags = 0 gives the SPI back unchanged.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/result.hpp"
#include "vgic/spi_set.hpp"
#include "vgic/types.hpp"

namespace redoubt::vgic {

// What a register write may have changed.
struct DistWriteEffect {
  bool rescan;  // something may have become deliverable: kick every vCPU v with has_pending_for(v)
};

class Distributor {
 public:
  // nr_irqs: 64..992, a multiple of 32, the 32 private ones included; first: affinity of vCPU 0, the target of SPIs
  // whose GICD_IROUTERn.IRM is 1. Error::INVALID otherwise. Resets all state.
  [[nodiscard]] auto init(std::uint32_t nr_irqs, Affinity first) noexcept -> Result<>;
  [[nodiscard]] constexpr auto nr_irqs() const noexcept -> std::uint32_t { return nr_irqs_; }

  // Registers; offset from GICD_base. A wrong width, a misaligned or an unassigned offset: reads zero, ignores writes.
  // Precondition: if sync_needed(offset), all vCPUs were made to exit and their statuses were passed to complete().
  [[nodiscard]] auto read(MmioOffset offset, AccessSize size) const noexcept -> std::uint64_t;
  auto write(MmioOffset offset, AccessSize size, std::uint64_t value) noexcept -> DistWriteEffect;

  // Whether the access reads or writes pending or active state of, or disables, an SPI now in flight on some vCPU.
  // Without the exits such an access sees the state as of the hand-out; nothing is lost.
  [[nodiscard]] auto sync_needed(MmioOffset offset) const noexcept -> bool;

  // Input line of an SPI; for an edge-configured one a rising edge makes it pending. The result is the vCPU to kick, if
  // any: the one that has it in flight, or the one it became pending for. An INTID that is no SPI of this VM: ignored.
  auto set_line(Intid spi, bool high) noexcept -> std::optional<Affinity>;
  // One edge (MSI-like, irqfd of an edge interrupt): pending until acknowledged, whatever the configuration.
  auto pulse(Intid spi) noexcept -> std::optional<Affinity>;

  // The SPIs for vCPU `self`, active ones first, then by priority, at most out.size() (16 at most). Returns how many.
  // Precondition: everything collected for `self` before was completed.
  [[nodiscard]] auto collect(Affinity self, std::span<SpiRequest> out) noexcept -> std::size_t;
  // One SPI back from `self`. Ignored unless it is in flight there. The result is another vCPU to kick, if the SPI was
  // routed there meanwhile and is pending for it now.
  auto complete(Affinity self, const SpiStatus& status) noexcept -> std::optional<Affinity>;

  // Whether collect(self) would return an SPI that is pending (not merely active).
  [[nodiscard]] auto has_pending_for(Affinity self) const noexcept -> bool;

 private:
  static constexpr std::uint32_t kWords = kMaxIrqs / 32;
  using Bitmap = std::array<std::uint32_t, kWords>;

  [[nodiscard]] constexpr auto valid_spi(Intid spi) const noexcept -> bool {
    return !spi.private_irq() && spi.value() < nr_irqs_;
  }
  // Both without regard to enables; word is an index below nr_irqs / 32.
  [[nodiscard]] constexpr auto raw_pending(std::uint32_t word) const noexcept -> std::uint32_t {
    return latch_[word] | (line_[word] & ~edge_[word]);
  }
  // Pending, enabled, group enabled, and not on a vCPU now.
  [[nodiscard]] constexpr auto offerable(std::uint32_t word) const noexcept -> std::uint32_t {
    const std::uint32_t groups = (groups_.group0() ? group0_[word] : 0U) | (groups_.group1() ? ~group0_[word] : 0U);
    return raw_pending(word) & enable_[word] & groups & ~in_flight_[word];
  }
  [[nodiscard]] constexpr auto routed_to(std::uint32_t spi) const noexcept -> Affinity {
    return arm64::GicIrouter::IRM::of(route_[spi]) != 0 ? first_ : Affinity{route_[spi]};
  }
  [[nodiscard]] auto holder(std::uint32_t spi) const noexcept -> Affinity;
  [[nodiscard]] auto kick_for(std::uint32_t spi) const noexcept -> std::optional<Affinity>;
  [[nodiscard]] auto request_for(std::uint32_t spi, Affinity self) const noexcept -> SpiRequest;
  void hand_out(const SpiRequest& request, Affinity to) noexcept;
  [[nodiscard]] auto deliverable_to(Affinity self, std::uint32_t word) const noexcept -> bool;

  [[nodiscard]] auto read_bitmap(MmioOffset offset) const noexcept -> std::uint32_t;
  auto write_bitmap(MmioOffset offset, std::uint32_t value) noexcept -> DistWriteEffect;
  void make_active(std::uint32_t word, std::uint32_t value) noexcept;
  [[nodiscard]] auto read_word(MmioOffset offset) const noexcept -> std::uint32_t;
  auto write_word(MmioOffset offset, std::uint32_t value) noexcept -> DistWriteEffect;
  [[nodiscard]] auto read_config(MmioOffset offset) const noexcept -> std::uint32_t;
  auto write_config(MmioOffset offset, std::uint32_t value) noexcept -> DistWriteEffect;
  [[nodiscard]] auto read_router(MmioOffset offset, AccessSize size) const noexcept -> std::uint64_t;
  auto write_router(MmioOffset offset, std::uint64_t value) noexcept -> DistWriteEffect;
  [[nodiscard]] auto priority_index(MmioOffset offset) const noexcept -> std::optional<std::uint32_t>;

  std::uint32_t nr_irqs_ = 0;
  GroupEnables groups_;
  Affinity first_;
  std::uint32_t busy_words_ = 0;  // bit n: word n may hold an SPI that is pending, active or in flight (a superset)
  Bitmap enable_{};
  Bitmap group0_{};  // inverted IGROUPR
  Bitmap latch_{};   // edge seen, or made pending by software
  Bitmap line_{};
  Bitmap active_{};
  Bitmap edge_{};
  Bitmap in_flight_{};
  Bitmap offered_{};  // the latch as handed out: it travels with the SPI
  std::array<std::uint32_t, kMaxIrqs / 4> priority_{};
  std::array<std::uint32_t, kMaxIrqs> route_{};  // GICD_IROUTERn: Aff2.Aff1.Aff0 and IRM
  std::array<std::uint32_t, kMaxIrqs> owner_{};  // affinity of the vCPU that has it in flight or active
};

}  // namespace redoubt::vgic
