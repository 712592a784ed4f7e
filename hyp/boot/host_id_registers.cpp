// SPDX-License-Identifier: Apache-2.0
// What the host sees in the ID registers: all but what EL2 keeps trapped, and what nobody knew when this was written.
#include "arch/arm64/common/sysreg_access.hpp"
#include "base/bits.hpp"
#include "hyp/cpu/id_registers.hpp"
#include "hyp/cpu/machine_state.hpp"

namespace redoubt::hyp {
namespace {

// Four-bit fields by their lowest bit.
template <class... Shifts>
constexpr auto fields(Shifts... shifts) noexcept -> std::uint64_t {
  return (bit_mask(static_cast<unsigned>(shifts), 4) | ... | 0);
}
template <class... Shifts>
constexpr auto all_but(Shifts... shifts) noexcept -> std::uint64_t {
  return ~fields(shifts...);
}

// An allow-list (Arm ARM D19.2): registers that are not listed read as zero, as
// do fields that this version does not know.
constexpr auto visible_fields() noexcept -> IdRegisters {
  IdRegisters seen{};
  for (std::size_t n = id_slot(1, 0); n < id_slot(4, 0); ++n)
    seen[n] = ~std::uint64_t{0};  // AArch32: complete since v8
  seen[id_slot(4, 0)] = all_but();
  seen[id_slot(4, 1)] = all_but(20, 36, 48, 56, 60);  // not NMI, THE, DF2, PFAR
  seen[id_slot(4, 2)] = fields(0, 4, 8, 32);          // MTEPERM, MTESTOREONLY, MTEFAR, FPMR
  seen[id_slot(4, 4)] = seen[id_slot(4, 5)] = seen[id_slot(4, 7)] = all_but();
  seen[id_slot(5, 0)] = all_but(16, 24, 56);  // not PMSS, SEBEP, ExtTrcBuff
  seen[id_slot(5, 1)] = fields(36, 52);       // PMICNTR, DPFZS
  seen[id_slot(5, 4)] = seen[id_slot(5, 5)] = all_but();
  seen[id_slot(6, 0)] = all_but(24);  // not TME
  seen[id_slot(6, 1)] = all_but();
  seen[id_slot(6, 2)] = all_but(32, 36);              // not 128-bit system registers and instructions
  seen[id_slot(6, 3)] = fields(0, 4, 8, 16, 24, 28);  // CPA, FAMINMAX, TLBIW, LSFE, LSUI, FPRCVT
  seen[id_slot(7, 0)] = all_but(48, 52);
  seen[id_slot(7, 1)] = all_but(16);              // not LORegions
  seen[id_slot(7, 2)] = all_but(24, 44);          // not nested virtualization
  seen[id_slot(7, 3)] = all_but(24, 28, 32, 36);  // not AIE, MEC, D128
  seen[id_slot(7, 4)] = fields(4, 8);             // EIESB, ASID2
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
  if (index != id_slot(5, 0)) return 0;
  const auto& features = machine().features;
  return (features.spe_usable ? 0 : fields(32)) | (features.trbe_usable ? 0 : fields(44)) |
         (features.brbe() ? 0 : fields(52));
}

}  // namespace

void build_host_id_registers() noexcept {
  auto& values = id_tables_for_boot().host;
  for (std::size_t n = id_slot(1, 0); n < values.size(); ++n) values[n] = hardware(n) & kVisible[n] & ~withdrawn(n);
}

}  // namespace redoubt::hyp
