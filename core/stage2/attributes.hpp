// SPDX-License-Identifier: Apache-2.0
// The attribute bits core puts into stage-2 leaves, and what software keeps in valid and invalid ones.
#pragma once

#include <cstdint>

#include "abi/hypercall.h"
#include "arch/arm64_defs/stage2_desc.hpp"
#include "base/result.hpp"

namespace redoubt::core {

using arm64::Descriptor;

// Realm IP address state of a private guest page, RSI's encoding. A valid private leaf implies ram.
enum class Ripas : std::uint64_t {
  empty = 0,
  ram = 1,
  destroyed = 2,
};

// Access rights of a borrowed page, RD_PROT_*.
class Prot final {
 public:
  // INVALID for unknown bits or without RD_PROT_R.
  [[nodiscard]] static constexpr auto make(std::uint64_t bits) noexcept -> Result<Prot> {
    if ((bits & ~std::uint64_t{RD_PROT_R | RD_PROT_W | RD_PROT_X}) != 0) return Unexpected{Error::INVALID};
    if ((bits & RD_PROT_R) == 0) return Unexpected{Error::INVALID};
    return Prot{bits};
  }
  [[nodiscard]] static constexpr auto rwx() noexcept -> Prot { return Prot{RD_PROT_R | RD_PROT_W | RD_PROT_X}; }

  // The rights a leaf grants.
  [[nodiscard]] static constexpr auto of_leaf(Descriptor leaf) noexcept -> Prot {
    const std::uint64_t execute = arm64::s2::XN::of(leaf) == 0 ? RD_PROT_X : 0;
    return Prot{arm64::s2::S2AP::of(leaf) | execute};
  }
  [[nodiscard]] constexpr auto without_execute() const noexcept -> Prot {
    return Prot{bits_ & ~std::uint64_t{RD_PROT_X}};
  }

  [[nodiscard]] constexpr auto bits() const noexcept -> std::uint64_t { return bits_; }
  [[nodiscard]] constexpr auto writable() const noexcept -> bool { return (bits_ & RD_PROT_W) != 0; }
  [[nodiscard]] constexpr auto executable() const noexcept -> bool { return (bits_ & RD_PROT_X) != 0; }
  [[nodiscard]] constexpr auto s2ap() const noexcept -> std::uint64_t { return writable() ? 3 : 1; }

 private:
  constexpr explicit Prot(std::uint64_t bits) noexcept : bits_(bits) {}
  std::uint64_t bits_;
};

// A guest's leaf with this bit maps a page the guest owns; without it, a page borrowed from the host.
inline constexpr Descriptor kOwnedLeaf = arm64::s2::Software::make(1);

// Invalid descriptors of a guest's table keep the RIPAS of all they cover.
using RipasField = Field<2, 2>;
static_assert((RipasField::kMask & arm64::s2::Valid::kMask) == 0);

[[nodiscard]] constexpr auto invalid_with(Ripas ripas) noexcept -> Descriptor {
  return RipasField::make(static_cast<std::uint64_t>(ripas));
}
[[nodiscard]] constexpr auto ripas_of_invalid(Descriptor desc) noexcept -> Ripas {
  return static_cast<Ripas>(RipasField::of(desc));
}
[[nodiscard]] constexpr auto owned_leaf(Descriptor leaf) noexcept -> bool { return (leaf & kOwnedLeaf) != 0; }

namespace detail {
[[nodiscard]] constexpr auto leaf_bits(std::uint64_t mem_attr, std::uint64_t share, Prot prot) noexcept -> Descriptor {
  using namespace arm64;
  return s2::MemAttr::make(mem_attr) | s2::SH::make(share) | s2::AF::make(1) | s2::S2AP::make(prot.s2ap()) |
         s2::XN::make(prot.executable() ? 0 : 1);
}
}  // namespace detail

// fwb: HCR_EL2.FWB as it is while this guest runs.
[[nodiscard]] constexpr auto guest_attributes(bool fwb, Prot prot, bool owned) noexcept -> Descriptor {
  const std::uint64_t mem_attr = fwb ? arm64::s2::kFwbWriteBack : arm64::s2::kNormalWriteBack;
  return detail::leaf_bits(mem_attr, arm64::s2::kShareInner, prot) | (owned ? kOwnedLeaf : 0);
}
// fwb: HCR_EL2.FWB as it is while the host runs. The host's own stage 1 chooses the memory type of its RAM.
[[nodiscard]] constexpr auto host_ram_attributes(bool fwb) noexcept -> Descriptor {
  const std::uint64_t mem_attr = fwb ? arm64::s2::kFwbStage1 : arm64::s2::kNormalWriteBack;
  return detail::leaf_bits(mem_attr, arm64::s2::kShareInner, Prot::rwx());
}
// A decoy page shows zeroes and swallows writes; nothing is fetched from it.
[[nodiscard]] constexpr auto decoy_attributes(bool fwb) noexcept -> Descriptor {
  return host_ram_attributes(fwb) | arm64::s2::XN::make(1);
}
[[nodiscard]] constexpr auto mmio_attributes() noexcept -> Descriptor {
  return detail::leaf_bits(arm64::s2::kDeviceNGnRE, arm64::s2::kShareNone, Prot::rwx()) | arm64::s2::XN::make(1);
}

// Every valid leaf has AF set, is readable, and the owned bit only where asked; RIPAS survives a round trip.
static_assert(arm64::s2::AF::of(guest_attributes(false, Prot::rwx(), true)) == 1);
static_assert(owned_leaf(guest_attributes(true, Prot::rwx(), true)) &&
              !owned_leaf(guest_attributes(true, Prot::rwx(), false)));
static_assert(ripas_of_invalid(invalid_with(Ripas::destroyed)) == Ripas::destroyed &&
              !arm64::s2::valid(invalid_with(Ripas::ram)));
static_assert(invalid_with(Ripas::empty) == 0, "a zeroed table is all EMPTY");

}  // namespace redoubt::core
