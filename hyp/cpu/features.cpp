// SPDX-License-Identifier: Apache-2.0
#include "hyp/cpu/features.hpp"

#include "arch/arm64/common/sysreg_access.hpp"

namespace redoubt::hyp {

using namespace arm64;

auto Features::pa_bits() const noexcept -> unsigned {
  switch (bits_of(mmfr0, 0, 4)) {
    case 0: return 32;
    case 1: return 36;
    case 2: return 40;
    case 3: return 42;
    case 4: return 44;
    default: return 48;
  }
}

auto read_features() noexcept -> Features {
  constexpr std::uint64_t kNotOurs = bit(4);  // P of PMBIDR_EL1 and TRBIDR_EL1
  Features found{.pfr0 = RD_READ_SYSREG(ID_AA64PFR0_EL1),
                 .pfr1 = RD_READ_SYSREG(ID_AA64PFR1_EL1),
                 .pfr2 = RD_READ_SYSREG(S3_0_C0_C4_2),
                 .dfr0 = RD_READ_SYSREG(ID_AA64DFR0_EL1),
                 .isar1 = RD_READ_SYSREG(ID_AA64ISAR1_EL1),
                 .isar2 = RD_READ_SYSREG(S3_0_C0_C6_2),
                 .mmfr0 = RD_READ_SYSREG(ID_AA64MMFR0_EL1),
                 .mmfr1 = RD_READ_SYSREG(ID_AA64MMFR1_EL1),
                 .mmfr2 = RD_READ_SYSREG(S3_0_C0_C7_2),
                 .mmfr3 = RD_READ_SYSREG(S3_0_C0_C7_3),
                 .smfr0 = RD_READ_SYSREG(S3_0_C0_C4_5),
                 .spe_usable = false,
                 .trbe_usable = false};
  found.spe_usable = found.spe() && (RD_READ_SYSREG(S3_0_C9_C10_7) & kNotOurs) == 0;
  found.trbe_usable = found.trbe() && (RD_READ_SYSREG(S3_0_C9_C11_7) & kNotOurs) == 0;
  return found;
}

auto vtcr_for(const Features& features, unsigned ipa_bits, unsigned start_level) noexcept -> std::uint64_t {
  // PS: output size as PARange, at most 48 bits. SL0 (4 KiB granule): 0 = level 2, 1 = level 1, 2 = level 0.
  const std::uint64_t physical = bits_of(features.mmfr0, 0, 4) > 5 ? 5 : bits_of(features.mmfr0, 0, 4);
  return bit(31) | bits_of(64 - ipa_bits, 0, 6) | ((2 - start_level) << 6) | (std::uint64_t{1} << 8) |
         (std::uint64_t{1} << 10) | (std::uint64_t{3} << 12) | (physical << 16) | (features.vmid16() ? bit(19) : 0);
}

}  // namespace redoubt::hyp
