// SPDX-License-Identifier: Apache-2.0
#include "hyp/cpu/fault_address.hpp"

#include "arch/arm64/common/barrier.hpp"
#include "arch/arm64/common/sysreg_access.hpp"
#include "arch/arm64_defs/esr.hpp"

namespace redoubt::hyp {
namespace {

namespace iss = arm64::abort_iss;

// PAR_EL1 belongs to the world that faulted.
auto translate_again(std::uint64_t far) noexcept -> std::optional<Ipa> {
  const auto saved = RD_READ_SYSREG(PAR_EL1);
  asm volatile("at s1e1r, %0" : : "r"(far) : "memory");
  arm64::isb();
  const auto par = RD_READ_SYSREG(PAR_EL1);
  RD_WRITE_SYSREG(PAR_EL1, saved);
  if ((par & 1) != 0) return std::nullopt;
  return Ipa{(par & bit_mask(12, 36)) | (far & (kPageSize - 1))};
}

}  // namespace

auto fault_address(std::uint64_t syndrome) noexcept -> std::optional<Ipa> {
  const auto far = RD_READ_SYSREG(FAR_EL2);
  const bool permission = arm64::fsc::kind(iss::FSC::of(syndrome)) == arm64::fsc::kPermission;
  if (permission && iss::S1PTW::of(syndrome) == 0) return translate_again(far);
  return Ipa{(arm64::hpfar::FIPA::of(RD_READ_SYSREG(HPFAR_EL2)) << kPageShift) | (far & (kPageSize - 1))};
}

}  // namespace redoubt::hyp
