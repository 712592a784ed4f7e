// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// The shared interrupts (SPIs) that the host asks EL2 to present to one vCPU during one run.
//
// The host's entries are requests. EL2 takes them in at entry (load), presents them through list registers as often as
// the guest traps to EL2 without leaving to the host, and reports their state when it does leave (status).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/result.hpp"
#include "vgic/spi_enable_mirror.hpp"
#include "vgic/types.hpp"

namespace redoubt::vgic {

inline constexpr unsigned kMaxSpiRequests = 16;
inline constexpr std::uint32_t kMinIrqs = 64;   // interrupts of a VM, the 32 private ones included
inline constexpr std::uint32_t kMaxIrqs = 992;  // KVM_DEV_ARM_VGIC_GRP_NR_IRQS: a multiple of 32

// Bits of SpiRequest::flags and SpiStatus::flags; the numbers are those of the run page's RD_SPI_*.
inline constexpr std::uint32_t kSpiPending = 1U << 0U;
inline constexpr std::uint32_t kSpiActive = 1U << 1U;
inline constexpr std::uint32_t kSpiLevel = 1U << 2U;      // request: leave to the host when the guest ends it
inline constexpr std::uint32_t kSpiGroup1 = 1U << 3U;     // request
inline constexpr std::uint32_t kSpiInFlight = 1U << 31U;  // status: accepted; pending and active are valid

struct SpiRequest {
  Intid intid;
  std::uint32_t flags = 0;
  std::uint8_t priority = 0;
};

struct SpiStatus {
  Intid intid;
  std::uint32_t flags = 0;
};

// Error::INVALID unless intid is an SPI below nr_irqs and flags holds only request bits.
[[nodiscard]] auto validate_spi_request(const SpiRequest& request, std::uint32_t nr_irqs) noexcept -> Result<>;

class SpiSet {
 public:
  // Takes in the requests of one run; entries beyond kMaxSpiRequests, invalid ones and duplicates of an earlier entry
  // are not accepted (their status lacks kSpiInFlight). `requests` must be a private copy: it is read more than once.
  // `enabled`, for a protected VM: a request for an SPI the guest has not enabled stays pending and is not presented.
  // Ordinary VM: nullptr. Precondition: the list registers were folded after the previous run.
  void load(std::span<const SpiRequest> requests, std::uint32_t nr_irqs, const SpiEnableMirror* enabled) noexcept;

  // State of request i of the last load(), after fold(). Zero flags for an index that was not accepted.
  [[nodiscard]] constexpr auto status(unsigned index) const noexcept -> std::uint32_t {
    return index < kMaxSpiRequests ? slots_[index].flags & kStatusMask : 0;
  }
  // Whether one of them would interrupt a vCPU with this ICH_VMCR_EL2; see PrivateIrqs::deliverable_with().
  [[nodiscard]] auto deliverable_with(std::uint64_t ich_vmcr) const noexcept -> bool;
  // Bit i: request i belongs into a list register.
  [[nodiscard]] constexpr auto presentable() const noexcept -> std::uint32_t {
    return std::uint32_t{pending_} | std::uint32_t{active_};
  }

 private:
  friend class Composer;
  friend class Folder;
  static constexpr std::uint32_t kStatusMask = kSpiPending | kSpiActive | kSpiInFlight;

  struct Slot {
    std::uint32_t intid;
    std::uint32_t flags;
    std::uint8_t priority;
  };
  [[nodiscard]] auto duplicate(unsigned index, Intid intid) const noexcept -> bool;
  void accept(unsigned index, const SpiRequest& request, bool enabled) noexcept;

  std::array<Slot, kMaxSpiRequests> slots_{};
  std::uint16_t pending_ = 0;  // slots to present as pending (accepted, pending, enabled)
  std::uint16_t active_ = 0;   // slots to present as active
  std::uint8_t count_ = 0;     // requests of the last load()
};

}  // namespace redoubt::vgic
