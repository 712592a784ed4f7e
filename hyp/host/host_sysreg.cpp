// SPDX-License-Identifier: Apache-2.0
// System registers that the host may name but not have.
#include "arch/arm64/common/sysreg_access.hpp"
#include "arch/arm64_defs/esr.hpp"
#include "arch/arm64_defs/sysreg.hpp"
#include "hyp/cpu/id_registers.hpp"
#include "hyp/host/host_traps.hpp"

namespace redoubt::hyp {
namespace {

using arm64::SysregId;

// IMPLEMENTATION DEFINED registers (CRn 11 and 15) switch CPU functions on and off, coherency among them.
auto implementation_defined(SysregId id) noexcept -> bool {
  const unsigned crn = (id.value >> 7) & 15;
  return (id.value >> 14) == 3 && (crn == 11 || crn == 15);
}

}  // namespace

auto host_sysreg(PerCpu& cpu, std::uint64_t syndrome) noexcept -> bool {
  namespace iss = arm64::sysreg_iss;
  const auto id = arm64::sysreg_of_iss(arm64::esr::ISS::of(syndrome));
  const bool read = iss::READ::of(syndrome) != 0;
  const bool kernel = (RD_READ_SYSREG(SPSR_EL2) & 0xf) != 0;
  const auto value = host_id_register(id);
  if (!kernel || (!value && !implementation_defined(id))) return false;
  if (const auto rt = iss::RT::of(syndrome); read && rt != 31) cpu.host.x[rt] = value.value_or(0);
  RD_WRITE_SYSREG(ELR_EL2, RD_READ_SYSREG(ELR_EL2) + 4);
  return true;
}

}  // namespace redoubt::hyp
