// SPDX-License-Identifier: Apache-2.0
// What EL2 tells an SMMUv3 that it owns: every stream of every device goes through the host's own stage 2, so that a device
// reaches what the host reaches, page for page, at every moment. Pure: computes words, touches no machine.
#pragma once

#include <array>
#include <cstdint>

#include "arch/arm64_defs/smmuv3.hpp"
#include "base/addr.hpp"
#include "base/result.hpp"

namespace redoubt::core::smmu {

// The identification registers of one SMMU.
struct Identity {
  std::uint32_t idr0 = 0, idr1 = 0, idr3 = 0, idr5 = 0;
};

// Why an SMMU cannot be used; nullptr if it can. The text ends the boot log's line about it.
[[nodiscard]] constexpr auto unusable(const Identity& id) noexcept -> const char* {
  using namespace arm64::smmu;
  if (Idr0::S2P::of(id.idr0) == 0) return "it has no stage 2";
  if ((Idr0::TTF::of(id.idr0) & 2) == 0) return "it cannot walk AArch64 tables";
  if (Idr0::COHACC::of(id.idr0) == 0) return "its table walks are not coherent";
  if (Idr0::ST_LEVEL::of(id.idr0) != 1) return "it has no two-level stream tables";
  if (Idr5::GRAN4K::of(id.idr5) == 0) return "it has no 4 KiB granule";
  const bool preset = Idr1::TABLES_PRESET::of(id.idr1) != 0 || Idr1::QUEUES_PRESET::of(id.idr1) != 0;
  return preset ? "its tables are at addresses that cannot be changed" : nullptr;
}

// Output address bits, IDR5.OAS. Larger or reserved encodings count as 48: no table of ours names more.
[[nodiscard]] constexpr auto output_bits(const Identity& id) noexcept -> unsigned {
  constexpr std::array<unsigned, 8> kBits{32, 36, 40, 42, 44, 48, 48, 48};
  return kBits[arm64::smmu::Idr5::OAS::of(id.idr5)];
}

// Stream IDs the table covers; the SMMU aborts all others.
inline constexpr unsigned kMaxStreamBits = 16;
[[nodiscard]] constexpr auto stream_bits(const Identity& id) noexcept -> unsigned {
  const auto bits = static_cast<unsigned>(arm64::smmu::Idr1::SIDSIZE::of(id.idr1));
  return bits < arm64::smmu::kSplit ? arm64::smmu::kSplit : (bits < kMaxStreamBits ? bits : kMaxStreamBits);
}

// The stage 2 of the host as the CPUs walk it.
struct HostStage2 {
  std::uint64_t vtcr = 0;  // VTCR_EL2
  Pa root;
  bool fwb = false;
};

// Input size at which the walk starts in the same table as with `vtcr`'s own: a smaller one uses its first entries only.
// Level 0 needs more than 39 bits, level 1 more than 30 (4 KiB granule).
[[nodiscard]] constexpr auto fits(std::uint64_t vtcr, unsigned bits) noexcept -> bool {
  return bits > (bits_of(vtcr, 6, 2) == 2 ? 39U : 30U);
}

using StreamEntry = std::array<std::uint64_t, 8>;

// NOT_SUPPORTED if the SMMU's addresses are too short to walk the table from its start.
[[nodiscard]] constexpr auto stream_entry(const HostStage2& host, const Identity& id) noexcept -> Result<StreamEntry> {
  using namespace arm64::smmu;
  const unsigned host_bits = 64 - static_cast<unsigned>(bits_of(host.vtcr, 0, 6));
  const unsigned bits = host_bits < output_bits(id) ? host_bits : output_bits(id);
  if (!fits(host.vtcr, bits)) return Unexpected{Error::NOT_SUPPORTED};
  auto vtcr = with_bits(host.vtcr, 0, 6, 64 - bits);
  if (bits_of(vtcr, 16, 3) > Idr5::OAS::of(id.idr5)) vtcr = with_bits(vtcr, 16, 3, Idr5::OAS::of(id.idr5));
  const bool fwb = host.fwb && Idr3::FWB::of(id.idr3) != 0;
  return StreamEntry{Ste0::V::make(1) | Ste0::Config::make(kStage2Only),
                     Ste1::SHCFG::make(1) | Ste1::S2FWB::make(fwb ? 1 : 0),
                     Ste2::S2VMID::make(0) | Ste2::S2VTCR::make(bits_of(vtcr, 0, 19)) | Ste2::S2AA64::make(1) |
                         Ste2::S2PTW::make(1) | Ste2::S2R::make(1),
                     host.root.value()};
}

// A first-level descriptor for 256 streams whose entries are at `table`.
[[nodiscard]] constexpr auto first_level(Pa table) noexcept -> std::uint64_t {
  return table.value() | arm64::smmu::kSpanOfSplit;
}

using Command = std::array<std::uint64_t, 2>;

inline constexpr Command kForgetConfiguration{arm64::smmu::kCfgiAll, arm64::smmu::kCfgiAllRange};
inline constexpr Command kForgetEverything{arm64::smmu::kTlbiNsnhAll, 0};
inline constexpr Command kForgetHost{arm64::smmu::kTlbiS12Vmall, 0};  // VMID 0
inline constexpr Command kSync{arm64::smmu::kSync, 0};

// Translations of the page at `ipa`, at whatever level they were cached.
[[nodiscard]] constexpr auto forget_page(Ipa ipa) noexcept -> Command {
  return {arm64::smmu::kTlbiS2Ipa, align_down(ipa.value(), kPageSize)};
}

}  // namespace redoubt::core::smmu
