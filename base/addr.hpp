// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Addresses and page numbers as types: a physical and an intermediate physical address never mix by accident.
#pragma once

#include <compare>
#include <cstdint>
#include <type_traits>

namespace redoubt {

inline constexpr unsigned kPageShift = 12;
inline constexpr std::uint64_t kPageSize = std::uint64_t{1} << kPageShift;
inline constexpr std::uint64_t kBlockPages = 512;  // 4 KiB pages in a 2 MiB block
inline constexpr std::uint64_t kBlockSize = kPageSize * kBlockPages;

namespace detail {

// An unsigned number with a meaning. Tag makes two of them different types; nothing converts implicitly.
template <class Tag>
class Quantity {
 public:
  constexpr Quantity() noexcept = default;
  constexpr explicit Quantity(std::uint64_t value) noexcept : value_(value) {}
  [[nodiscard]] constexpr auto value() const noexcept -> std::uint64_t { return value_; }
  constexpr auto operator<=>(const Quantity&) const noexcept = default;

 private:
  std::uint64_t value_ = 0;
};

}  // namespace detail

using Pa = detail::Quantity<struct PaTag>;      // physical address, bytes
using Ipa = detail::Quantity<struct IpaTag>;    // intermediate physical (guest or host-physical) address, bytes
using Pfn = detail::Quantity<struct PfnTag>;    // physical frame number, PA >> 12
using Gfn = detail::Quantity<struct GfnTag>;    // guest frame number, IPA >> 12
using Vmid = detail::Quantity<struct VmidTag>;  // stage-2 VMID; 0 is the host

[[nodiscard]] constexpr auto pa_of(Pfn pfn) noexcept -> Pa { return Pa{pfn.value() << kPageShift}; }
[[nodiscard]] constexpr auto pfn_of(Pa pa) noexcept -> Pfn { return Pfn{pa.value() >> kPageShift}; }
[[nodiscard]] constexpr auto ipa_of(Gfn gfn) noexcept -> Ipa { return Ipa{gfn.value() << kPageShift}; }
[[nodiscard]] constexpr auto gfn_of(Ipa ipa) noexcept -> Gfn { return Gfn{ipa.value() >> kPageShift}; }

// The host's stage 2 is an identity map: these two are the only places where PA and IPA meet.
[[nodiscard]] constexpr auto host_ipa_of(Pa pa) noexcept -> Ipa { return Ipa{pa.value()}; }
[[nodiscard]] constexpr auto host_pa_of(Ipa ipa) noexcept -> Pa { return Pa{ipa.value()}; }

// Offsets inside a range that a Range type has already validated; wrapping is excluded by that validation.
[[nodiscard]] constexpr auto operator+(Pfn pfn, std::uint64_t pages) noexcept -> Pfn {
  return Pfn{pfn.value() + pages};
}
[[nodiscard]] constexpr auto operator+(Gfn gfn, std::uint64_t pages) noexcept -> Gfn {
  return Gfn{gfn.value() + pages};
}
[[nodiscard]] constexpr auto operator+(Pa pa, std::uint64_t bytes) noexcept -> Pa { return Pa{pa.value() + bytes}; }
[[nodiscard]] constexpr auto operator+(Ipa ipa, std::uint64_t bytes) noexcept -> Ipa {
  return Ipa{ipa.value() + bytes};
}

static_assert(!std::is_convertible_v<Pa, Ipa>);
static_assert(!std::is_convertible_v<std::uint64_t, Pa>);
static_assert(!std::is_convertible_v<Pa, std::uint64_t>);
static_assert(std::is_trivially_copyable_v<Pa> && sizeof(Pa) == 8);

}  // namespace redoubt
