// SPDX-License-Identifier: Apache-2.0
// System registers that the host may name but not have: what EL2 keeps trapped must not be in the host's ID registers, or a
// kernel that knows the feature would use it and die of an undefined instruction.
#include <array>
#include <optional>

#include "arch/arm64/common/sysreg_access.hpp"
#include "arch/arm64_defs/esr.hpp"
#include "arch/arm64_defs/sysreg.hpp"
#include "hyp/cpu/machine_state.hpp"
#include "hyp/host/host_traps.hpp"

namespace redoubt::hyp {
namespace {

using arm64::SysregId;

// Four-bit fields by their lowest bit.
template <class... Shifts>
constexpr auto fields(Shifts... shifts) noexcept -> std::uint64_t {
  return (bit_mask(static_cast<unsigned>(shifts), 4) | ... | 0);
}
template <class... Shifts>
constexpr auto all_but(Shifts... shifts) noexcept -> std::uint64_t {
  return ~fields(shifts...);
}

// CRm:op2 of the ID space of op0 = 3, op1 = 0, CRn = 0.
constexpr auto slot(unsigned crm, unsigned op2) noexcept -> std::size_t { return crm * 8 + op2; }

// An allow-list (Arm ARM D19.2, registers in D1.4 of the 2024 extensions): registers that are not listed read as zero, as
// do fields that this version does not know.
constexpr auto visible_fields() noexcept -> std::array<std::uint64_t, 64> {
  std::array<std::uint64_t, 64> seen{};
  for (std::size_t n = slot(1, 0); n < slot(4, 0); ++n) seen[n] = ~std::uint64_t{0};  // AArch32: complete since v8
  seen[slot(4, 0)] = all_but();
  seen[slot(4, 1)] = all_but(20, 36, 48, 56, 60);  // not NMI, THE, DF2, PFAR
  seen[slot(4, 2)] = fields(0, 4, 8, 32);          // MTEPERM, MTESTOREONLY, MTEFAR, FPMR
  seen[slot(4, 4)] = seen[slot(4, 5)] = seen[slot(4, 7)] = all_but();
  seen[slot(5, 0)] = all_but(16, 24, 56);  // not PMSS, SEBEP, ExtTrcBuff
  seen[slot(5, 1)] = fields(36, 52);       // PMICNTR, DPFZS
  seen[slot(5, 4)] = seen[slot(5, 5)] = all_but();
  seen[slot(6, 0)] = all_but(24);  // not TME
  seen[slot(6, 1)] = all_but();
  seen[slot(6, 2)] = all_but(32, 36);              // not 128-bit system registers and instructions
  seen[slot(6, 3)] = fields(0, 4, 8, 16, 24, 28);  // CPA, FAMINMAX, TLBIW, LSFE, LSUI, FPRCVT
  seen[slot(7, 0)] = all_but(48, 52);
  seen[slot(7, 1)] = all_but(16);              // not LORegions
  seen[slot(7, 2)] = all_but(24, 44);          // not nested virtualization
  seen[slot(7, 3)] = all_but(24, 28, 32, 36);  // not AIE, MEC, D128
  seen[slot(7, 4)] = fields(4, 8);             // EIESB, ASID2
  return seen;
}

constexpr auto kVisible = visible_fields();

#define RD_ID_ROW(crm)                                         \
  case crm * 8 + 0: return RD_READ_SYSREG(S3_0_C0_C##crm##_0); \
  case crm * 8 + 1: return RD_READ_SYSREG(S3_0_C0_C##crm##_1); \
  case crm * 8 + 2: return RD_READ_SYSREG(S3_0_C0_C##crm##_2); \
  case crm * 8 + 3: return RD_READ_SYSREG(S3_0_C0_C##crm##_3); \
  case crm * 8 + 4: return RD_READ_SYSREG(S3_0_C0_C##crm##_4); \
  case crm * 8 + 5: return RD_READ_SYSREG(S3_0_C0_C##crm##_5); \
  case crm * 8 + 6: return RD_READ_SYSREG(S3_0_C0_C##crm##_6); \
  case crm * 8 + 7: return RD_READ_SYSREG(S3_0_C0_C##crm##_7)

auto hardware(std::size_t index) noexcept -> std::uint64_t {
  switch (index) {
    RD_ID_ROW(1);
    RD_ID_ROW(2);
    RD_ID_ROW(3);
    RD_ID_ROW(4);
    RD_ID_ROW(5);
    RD_ID_ROW(6);
    RD_ID_ROW(7);
    default: return 0;
  }
}

// What EL2 or the firmware has and does not lend.
auto withdrawn(std::size_t index) noexcept -> std::uint64_t {
  if (index != slot(5, 0)) return 0;
  const auto& features = machine().features;
  return (features.spe_usable ? 0 : fields(32)) | (features.trbe_usable ? 0 : fields(44)) |
         (features.brbe() ? 0 : fields(52));
}

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
  std::uint64_t value = 0;
  if (arm64::is_id_register(id)) {
    const std::size_t index = id.value & 63;
    value = hardware(index) & kVisible[index] & ~withdrawn(index);
  } else if (!implementation_defined(id)) {
    return false;
  }
  if (!kernel) return false;
  if (const auto rt = iss::RT::of(syndrome); read && rt != 31) cpu.host.x[rt] = value;
  RD_WRITE_SYSREG(ELR_EL2, RD_READ_SYSREG(ELR_EL2) + 4);
  return true;
}

}  // namespace redoubt::hyp
