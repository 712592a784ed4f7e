// SPDX-License-Identifier: Apache-2.0
#include "arch/arm64/common/barrier.hpp"
#include "base/bits.hpp"
#include "guest/payloads/sysregs/sysregs.hpp"

namespace redoubt::guest {

namespace {

// Whether a register exists: never at EL1; if an ID field says so; always, but policy may hide it.
enum class Existence : std::uint8_t { Never, ByField, Always };

struct Probe {
  std::string_view name;
  auto (*read)() noexcept -> SysregRead;
  Existence existence;
  auto (*id)() noexcept -> SysregRead = nullptr;
  unsigned shift = 0;
  unsigned at_least = 1;
};

constexpr auto kPfr0 = try_read<3, 0, 0, 4, 0>;
constexpr auto kPfr1 = try_read<3, 0, 0, 4, 1>;
constexpr auto kDfr0 = try_read<3, 0, 0, 5, 0>;
constexpr auto kIsar0 = try_read<3, 0, 0, 6, 0>;
constexpr auto kMmfr1 = try_read<3, 0, 0, 7, 1>;
constexpr auto kMmfr3 = try_read<3, 0, 0, 7, 3>;

constexpr Probe kProbes[] = {
    {"HCR_EL2", try_read<3, 4, 1, 1, 0>, Existence::Never},
    {"VTTBR_EL2", try_read<3, 4, 2, 1, 0>, Existence::Never},
    {"VBAR_EL2", try_read<3, 4, 12, 0, 0>, Existence::Never},
    {"ICH_HCR_EL2", try_read<3, 4, 12, 11, 0>, Existence::Never},
    {"CNTVOFF_EL2", try_read<3, 4, 14, 0, 3>, Existence::Never},
    {"TPIDR_EL2", try_read<3, 4, 13, 0, 2>, Existence::Never},
    {"SCR_EL3", try_read<3, 6, 1, 1, 0>, Existence::Never},
    {"PMCR_EL0", try_read<3, 3, 9, 12, 0>, Existence::ByField, kDfr0, 8},
    {"PMCCNTR_EL0", try_read<3, 3, 9, 13, 0>, Existence::ByField, kDfr0, 8},
    {"PMUSERENR_EL0", try_read<3, 3, 9, 14, 0>, Existence::ByField, kDfr0, 8},
    {"PMSCR_EL1", try_read<3, 0, 9, 9, 0>, Existence::ByField, kDfr0, 32},
    {"PMBLIMITR_EL1", try_read<3, 0, 9, 10, 0>, Existence::ByField, kDfr0, 32},
    {"TRBLIMITR_EL1", try_read<3, 0, 9, 11, 0>, Existence::ByField, kDfr0, 44},
    {"TRFCR_EL1", try_read<3, 0, 1, 2, 1>, Existence::ByField, kDfr0, 40},
    {"BRBCR_EL1", try_read<2, 1, 9, 0, 0>, Existence::ByField, kDfr0, 52},
    {"ZCR_EL1", try_read<3, 0, 1, 2, 0>, Existence::ByField, kPfr0, 32},
    {"SMCR_EL1", try_read<3, 0, 1, 2, 6>, Existence::ByField, kPfr1, 24},
    {"SVCR", try_read<3, 3, 4, 2, 2>, Existence::ByField, kPfr1, 24},
    {"TPIDR2_EL0", try_read<3, 3, 13, 0, 5>, Existence::ByField, kPfr1, 24},
    {"GCR_EL1", try_read<3, 0, 1, 0, 6>, Existence::ByField, kPfr1, 8, 2},
    {"GCSCR_EL1", try_read<3, 0, 2, 5, 0>, Existence::ByField, kPfr1, 44},
    {"AMCR_EL0", try_read<3, 3, 13, 2, 0>, Existence::ByField, kPfr0, 44},
    {"MPAM1_EL1", try_read<3, 0, 10, 5, 0>, Existence::ByField, kPfr0, 40},
    {"ERRIDR_EL1", try_read<3, 0, 5, 3, 0>, Existence::ByField, kPfr0, 28},
    {"SCXTNUM_EL1", try_read<3, 0, 13, 0, 7>, Existence::ByField, kPfr0, 56, 2},
    {"LORC_EL1", try_read<3, 0, 10, 4, 3>, Existence::ByField, kMmfr1, 16},
    {"RNDR", try_read<3, 3, 2, 4, 0>, Existence::ByField, kIsar0, 60},
    {"TCR2_EL1", try_read<3, 0, 2, 0, 3>, Existence::ByField, kMmfr3, 0},
    {"PIR_EL1", try_read<3, 0, 10, 2, 3>, Existence::ByField, kMmfr3, 8},
    {"DBGBVR0_EL1", try_read<2, 0, 0, 0, 4>, Existence::Always},
    {"DBGBCR0_EL1", try_read<2, 0, 0, 0, 5>, Existence::Always},
    {"DBGWCR0_EL1", try_read<2, 0, 0, 0, 7>, Existence::Always},
    {"MDSCR_EL1", try_read<2, 0, 0, 2, 2>, Existence::Always},
    {"MDRAR_EL1", try_read<2, 0, 1, 0, 0>, Existence::Always},
    {"OSLSR_EL1", try_read<2, 0, 1, 1, 4>, Existence::Always},
    {"ACTLR_EL1", try_read<3, 0, 1, 0, 1>, Existence::Always},
    {"CNTP_CTL_EL0", try_read<3, 3, 14, 2, 1>, Existence::Always},
    {"CNTPCT_EL0", try_read<3, 3, 14, 0, 1>, Existence::Always},
    {"S3_0_C15_C1_4", try_read<3, 0, 15, 1, 4>, Existence::Always},
    {"S3_1_C15_C2_0", try_read<3, 1, 15, 2, 0>, Existence::Always},
};

// ID fields are signed here and there: 0xf means "not present", or for the PMU "present but not the architected one".
auto exists(const Probe& probe) noexcept -> bool {
  if (probe.existence != Existence::ByField) return probe.existence == Existence::Always;
  const std::uint64_t field = bits_of(probe.id().value, probe.shift, 4);
  return field >= probe.at_least && field != 0xf;
}

void check_one(Report& report, const Probe& probe) noexcept {
  const SysregRead got = probe.read();
  if (got.trapped) {
    print("{}: undefined\n", probe.name);
  } else {
    print("{}: {x}\n", probe.name, got.value);
  }
  if (probe.existence == Existence::Never) {
    report.check(got.trapped, probe.name);
  } else if (!exists(probe)) {
    report.check(got.trapped || got.value == 0, probe.name);
  } else if (probe.existence == Existence::ByField) {
    report.check(!got.trapped, probe.name);
  }
}

// Maintenance by set and way may be trapped and dropped, but is not an error.
void check_set_way(Report& report) noexcept {
  const Abort abort = expecting_abort([] { asm volatile("dc csw, xzr\n dsb sy" ::: "memory"); });
  report.equal(abort.count, 0, "DC CSW is tolerated");
}

}  // namespace

void check_hidden_registers(Report& report) noexcept {
  // CPACR_EL1.ZEN and SMEN, RES0 without the features: EL1 itself must not be what traps SVE and SME.
  const std::uint64_t cpacr = RD_READ_SYSREG(CPACR_EL1);
  RD_WRITE_SYSREG(CPACR_EL1, cpacr | Field<16, 2>::kMask | Field<24, 2>::kMask);
  arm64::isb();
  for (const Probe& probe : kProbes) check_one(report, probe);
  RD_WRITE_SYSREG(CPACR_EL1, cpacr);
  arm64::isb();
  check_set_way(report);
}

}  // namespace redoubt::guest
