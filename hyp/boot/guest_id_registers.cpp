// SPDX-License-Identifier: Apache-2.0
// What guests see in the ID registers: an allow-list of fields, out of what the CPU has.
#include "arch/arm64/common/sysreg_access.hpp"
#include "base/bits.hpp"
#include "hyp/cpu/id_registers.hpp"

namespace redoubt::hyp {
namespace {

// One four-bit field: take at most `limit` of what the hardware says (fields grow with features, Arm ARM D19.1.3).
constexpr auto capped(std::uint64_t value, unsigned shift, std::uint64_t limit) noexcept -> std::uint64_t {
  const auto field = bits_of(value, shift, 4);
  return (field < limit ? field : limit) << shift;
}
constexpr auto kept(std::uint64_t value, unsigned shift) noexcept -> std::uint64_t { return capped(value, shift, 14); }
// Signed fields where 15 means "not implemented".
constexpr auto kept_signed(std::uint64_t value, unsigned shift) noexcept -> std::uint64_t {
  return value & bit_mask(shift, 4);
}

auto pfr0(std::uint64_t v) noexcept -> std::uint64_t {
  std::uint64_t out = 0x11;                             // EL0, EL1: AArch64 only
  out |= kept_signed(v, 16) | kept_signed(v, 20);       // FP, AdvSIMD
  out |= capped(v, 24, 1);                              // GIC: version 3 system registers
  out |= kept(v, 48) | capped(v, 56, 1) | kept(v, 60);  // DIT, CSV2 without SCXTNUM, CSV3
  return out;
}

auto pfr1(std::uint64_t v) noexcept -> std::uint64_t { return kept(v, 0) | capped(v, 4, 2); }  // BTI, SSBS

// Debug architecture 8 with the least number of breakpoints: the registers are RAZ/WI.
auto dfr0() noexcept -> std::uint64_t { return 6 | (std::uint64_t{1} << 12) | (std::uint64_t{1} << 20); }

auto isar0(std::uint64_t v) noexcept -> std::uint64_t {
  return v & ~bit_mask(24, 4);  // no TME
}

auto isar1(std::uint64_t v) noexcept -> std::uint64_t {
  // DPB JSCVT FCMA LRCPC FRINTTS SB BF16 DGH I8MM; not pointer authentication, SPECRES, XS, LS64.
  return kept(v, 0) | kept(v, 12) | kept(v, 16) | kept(v, 20) | kept(v, 32) | kept(v, 36) | kept(v, 44) | kept(v, 48) |
         kept(v, 52);
}

auto isar2(std::uint64_t v) noexcept -> std::uint64_t {
  return kept(v, 4) | kept(v, 20) | kept(v, 28);
}  // RPRES BC CLRBHB

auto mmfr0(std::uint64_t v) noexcept -> std::uint64_t {
  std::uint64_t out = capped(v, 0, 5) | kept(v, 4) | kept(v, 8) | kept(v, 16);  // PARange, ASIDBits, BigEnd(EL0)
  out |= capped(v, 20, 1);                                                      // TGran16 without LPA2
  out |= kept_signed(v, 24);                                                    // TGran64
  const auto tgran4 = bits_of(v, 28, 4);
  out |= (tgran4 == 1 ? 0 : tgran4) << 28;  // TGran4 without LPA2
  return out;
}

auto mmfr1(std::uint64_t v) noexcept -> std::uint64_t {
  return kept(v, 0) | kept(v, 12) | capped(v, 20, 3) | kept(v, 36);
}

auto mmfr2(std::uint64_t v) noexcept -> std::uint64_t {
  // CnP UAO VARange CCIDX ST AT TTL BBM E0PD.
  return kept(v, 0) | kept(v, 4) | capped(v, 16, 1) | kept(v, 20) | kept(v, 28) | kept(v, 32) | kept(v, 48) |
         kept(v, 52) | kept(v, 60);
}

}  // namespace

void build_guest_id_registers() noexcept {
  auto& values = id_tables_for_boot().guest;
  values[id_slot(4, 0)] = pfr0(RD_READ_SYSREG(ID_AA64PFR0_EL1));
  values[id_slot(4, 1)] = pfr1(RD_READ_SYSREG(ID_AA64PFR1_EL1));
  values[id_slot(5, 0)] = dfr0();
  values[id_slot(6, 0)] = isar0(RD_READ_SYSREG(ID_AA64ISAR0_EL1));
  values[id_slot(6, 1)] = isar1(RD_READ_SYSREG(ID_AA64ISAR1_EL1));
  values[id_slot(6, 2)] = isar2(RD_READ_SYSREG(S3_0_C0_C6_2));
  values[id_slot(7, 0)] = mmfr0(RD_READ_SYSREG(ID_AA64MMFR0_EL1));
  values[id_slot(7, 1)] = mmfr1(RD_READ_SYSREG(ID_AA64MMFR1_EL1));
  values[id_slot(7, 2)] = mmfr2(RD_READ_SYSREG(S3_0_C0_C7_2));
}

}  // namespace redoubt::hyp
