// SPDX-License-Identifier: Apache-2.0
// The EL2 control registers of host and guests, computed once from what the CPUs have.
#include "hyp/cpu/features.hpp"

namespace redoubt::hyp {

using namespace arm64;

namespace {

// PTW, VM and FWB are the same in both worlds: a change would cost a TLB flush on some implementations.
auto common_hcr(const Features& features) noexcept -> std::uint64_t {
  return hcr::kRw | hcr::kVm | hcr::kTsc | hcr::kPtw | hcr::kSwio | (features.fwb() ? hcr::kFwb : 0);
}

// FEAT_FGT: bits named n... trap when 0, so the host gets a 1 for each feature it can see (Arm ARM D19.2.60).
auto host_fine_grained(const Features& features) noexcept -> std::uint64_t {
  std::uint64_t bits = 0;
  if (features.sme()) bits |= bit(54) | bit(55);    // nSMPRI_EL1, nTPIDR2_EL0
  if (features.gcs()) bits |= bit(52) | bit(53);    // nGCS_EL0, nGCS_EL1
  if (features.s1pie()) bits |= bit(57) | bit(58);  // nPIRE0_EL1, nPIR_EL1
  if (features.s1poe()) bits |= bit(59) | bit(60);  // nPOR_EL0, nPOR_EL1
  if (features.ls64() >= 3) bits |= bit(50);        // nACCDATA_EL1
  return bits;
}

// None of these change what a guest does: its HCRX_EL2 is zero, which traps the registers and ignores what they hold.
auto host_hcrx(const Features& features) noexcept -> std::uint64_t {
  std::uint64_t bits = 0;
  if (features.ls64() >= 1) bits |= bit(1);  // EnALS
  if (features.ls64() >= 2) bits |= bit(2);  // EnASR
  if (features.ls64() >= 3) bits |= bit(0);  // EnAS0
  if (features.mops()) bits |= bit(11);      // MSCEn
  if (features.tcr2()) bits |= bit(14);      // TCR2En
  if (features.sctlr2()) bits |= bit(15);    // SCTLR2En
  if (features.gcs()) bits |= bit(22);       // GCSEn
  if (features.fpmr()) bits |= bit(23);      // EnFPM
  return bits;
}

// What EL2 does is not counted by the host's counters (HPMD, HCCD).
auto quiet_el2(const Features& features) noexcept -> std::uint64_t {
  const auto version = features.pmu() ? bits_of(features.dfr0, 8, 4) : 0;
  return (version >= 4 ? mdcr::kHpmd : 0) | (version >= 6 ? mdcr::kHccd : 0);
}

auto debug_fine_grained2(const Features& features) noexcept -> std::uint64_t {
  std::uint64_t bits = 0;
  if (features.pmu_v3p9()) bits |= bit(2) | bit(3) | bit(4);  // nPMICNTR_EL0, nPMICFILTR_EL0, nPMUACR_EL1
  if (features.spe_usable) bits |= bit(19);                   // nPMSDSFR_EL1
  return bits;
}

auto instruction_fine_grained(const Features& features) noexcept -> std::uint64_t {
  return features.gcs() ? bit(57) | bit(58) | bit(59) : 0;  // nGCSPUSHM_EL1, nGCSSTR_EL1, nGCSEPP
}

}  // namespace

auto host_traps(const Features& features, std::uint64_t counters) noexcept -> TrapConfig {
  return TrapConfig{
      .hcr = common_hcr(features) | hcr::kTid3 | hcr::kTidcp | (features.pauth() ? hcr::kApi | hcr::kApk : 0) |
             (features.csv2_2() ? hcr::kEnScxt : 0) | (features.mte() ? hcr::kAta : 0) |
             (features.lor() ? hcr::kTlor : 0),  // LORegions are shared with guests
      .cptr = (cptr::kRes1 & ~cptr::kTsm & ~cptr::kTz) | (features.sve() ? 0 : cptr::kTz) |
              (features.sme() ? 0 : cptr::kTsm),
      // The host's own profiling and trace buffers go through its stage 1 and stage 2; EL2 lends it all counters.
      .mdcr = counters | quiet_el2(features) | (features.spe_usable ? mdcr::kE2pb : 0) |
              (features.trbe_usable ? mdcr::kE2tb : 0),
      .cnthctl = cnthctl::kEl1pcten | cnthctl::kEl1pcen,
      .hcrx = host_hcrx(features),
      .hfgrtr = host_fine_grained(features),
      .hfgwtr = host_fine_grained(features),
      .mpam2 = features.sme() ? mpam2::kEnMpamsm : 0,
      .hfgitr = instruction_fine_grained(features),
      .hdfgtr2 = debug_fine_grained2(features),
  };
}

auto guest_traps(const Features& features, std::uint64_t counters) noexcept -> TrapConfig {
  return TrapConfig{
      .hcr = common_hcr(features) | hcr::kFmo | hcr::kImo | hcr::kAmo | hcr::kFb | hcr::kBsuIs | hcr::kTwi |
             hcr::kTid1 | hcr::kTid3 | hcr::kTidcp | hcr::kTacr | hcr::kTsw | (features.lor() ? hcr::kTlor : 0) |
             (features.ras() ? hcr::kTerr | hcr::kTea : 0) | (features.mte() ? hcr::kTid5 : 0),
      .cptr = cptr::kRes1 | cptr::kTz | cptr::kTsm | cptr::kTfp | cptr::kTta | (features.amu() ? cptr::kTam : 0),
      .mdcr = counters | quiet_el2(features) | mdcr::kTpm | mdcr::kTpmcr | mdcr::kTda | mdcr::kTdosa | mdcr::kTdra |
              (features.spe() ? mdcr::kTpms : 0) | (features.trf() ? mdcr::kTtrf : 0),
      .cnthctl = cnthctl::kEl1pcten,
      .hcrx = 0,
      .hfgrtr = 0,
      .hfgwtr = 0,
      .mpam2 = mpam2::kTrapMpam0El1 | mpam2::kTrapMpam1El1,
      .hfgitr = 0,
      .hdfgtr2 = 0,
  };
}

}  // namespace redoubt::hyp
