// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "arch/arm64_defs/sysreg.hpp"
#include "base/bits.hpp"
#include "guest/payloads/sysregs/sysregs.hpp"
#include "guest/sdk/machine.hpp"

namespace redoubt::guest {

namespace {

struct Tally {
  unsigned trapped = 0;
  unsigned unsteady = 0;
};

template <unsigned kCrm, unsigned kOp2>
void visit(Tally& tally) noexcept {
  const SysregRead first = try_read<3, 0, 0, kCrm, kOp2>();
  const SysregRead second = try_read<3, 0, 0, kCrm, kOp2>();
  tally.trapped += first.trapped ? 1 : 0;
  tally.unsteady += first.value != second.value ? 1 : 0;
  if (first.trapped) print("S3_0_C0_C{}_{} undefined\n", kCrm, kOp2);
  if (first.value != 0) print("S3_0_C0_C{}_{} {x}\n", kCrm, kOp2, first.value);
}

// CRm 1-7 by op2 0-7: allocated ones have a value, reserved ones are zero, none may be undefined (Arm ARM D23.3.1).
template <std::size_t... kIndex>
void visit_all(Tally& tally, std::index_sequence<kIndex...>) noexcept {
  (visit<1 + kIndex / 8, kIndex % 8>(tally), ...);
}

// What a protected guest must not be offered, because nobody saves or filters it for the guest.
void check_protected_policy(Report& report) noexcept {
  if (!machine().is_protected()) return report.skipped("hidden features", "not a protected guest");
  const std::uint64_t pfr0 = try_read<3, 0, 0, 4, 0>().value;
  const std::uint64_t pfr1 = try_read<3, 0, 0, 4, 1>().value;
  const std::uint64_t dfr0 = try_read<3, 0, 0, 5, 0>().value;
  report.equal(bits_of(pfr0, 40, 4), 0, "no MPAM");
  report.equal(bits_of(pfr0, 44, 4), 0, "no AMU");
  report.equal(bits_of(pfr0, 12, 4), 0, "no EL3");
  report.equal(bits_of(pfr0, 4, 4), 1, "EL1 without AArch32");
  report.equal(bits_of(pfr1, 24, 4), 0, "no SME");
  report.equal(bits_of(dfr0, 32, 4), 0, "no SPE");
  report.equal(bits_of(dfr0, 44, 4), 0, "no trace buffer");
  report.equal(bits_of(dfr0, 52, 4), 0, "no BRBE");
}

}  // namespace

void check_id_registers(Report& report) noexcept {
  Tally tally;
  visit_all(tally, std::make_index_sequence<56>{});
  report.equal(tally.trapped, 0, "every ID register can be read");
  report.equal(tally.unsteady, 0, "and reads the same twice");
  const std::uint64_t midr = RD_READ_SYSREG(MIDR_EL1);
  const std::uint64_t revidr = RD_READ_SYSREG(REVIDR_EL1);
  print("MIDR_EL1 {x} REVIDR_EL1 {x} CTR_EL0 {x} DCZID_EL0 {x} CLIDR_EL1 {x}\n", midr, revidr, RD_READ_SYSREG(CTR_EL0),
        RD_READ_SYSREG(DCZID_EL0), RD_READ_SYSREG(CLIDR_EL1));
  report.equal(RD_READ_SYSREG(MPIDR_EL1) & 0xff'00ff'ffff, machine().cpus[0].value, "MPIDR is that of the device tree");
  report.equal((RD_READ_SYSREG(CurrentEL) >> 2) & 3, 1, "this is EL1");
  const std::uint64_t range = bits_of(try_read<3, 0, 0, 7, 0>().value, 0, 4);
  constexpr unsigned kBits[] = {32, 36, 40, 42, 44, 48, 52, 56};
  const unsigned bits = range < 8 ? kBits[range] : 0;
  print("PARange {} bits\n", bits);
  if (machine().personality == Personality::Rsi) {
    report.check(bits >= machine().ipa_bits, "PARange covers the IPA space, shared half included");
  }
  check_protected_policy(report);
}

}  // namespace redoubt::guest
