// SPDX-License-Identifier: Apache-2.0
#include "guest/payloads/rsi/rsi.hpp"

#include "arch/arm64_defs/esr.hpp"
#include "guest/sdk/exceptions.hpp"
#include "guest/sdk/psci.hpp"

namespace redoubt::guest {

namespace {

using rsi::Fid;
using rsi::RsiStatus;

constexpr std::uint64_t kNotSupported = ~std::uint64_t{0};

void check_version(Report& report) noexcept {
  const auto now = rsi::version(arm64::kRsi1_0);
  accepted(report, now, "RSI 1.0 is supported");
  report.equal(now.x1, arm64::kRsi1_0, "the lower revision is the requested one");
  report.check(now.x2 >= arm64::kRsi1_0 && now.x2 < 0x8000'0000, "the higher revision is sane");
  const auto late = rsi::version(0x7fff'0000);
  refused(report, late, "RSI 32767.0 is refused");
  report.check(late.x1 <= late.x2 && late.x1 <= arm64::kRsi1_0 && late.x2 == now.x2, "and the real range is told");
  refused(report, rsi::version(0), "RSI 0.0 is refused");
  refused(report, rsi::version(0x1'0001'0000), "a revision wider than 31 bits is refused");
  const auto features = rsi::ask(Fid::RSI_FEATURES, 0);
  accepted(report, features, "RSI_FEATURES(0)");
  if (now.x2 == arm64::kRsi1_0) report.equal(features.x1, 0, "RSI 1.0 has no feature bits");
  report.equal(rsi::ask(Fid::RSI_FEATURES, 77).x1, 0, "an unknown feature register is zero");
}

// Linux's callers rely on x4-x17 (DEN0028 2.6); results of version calls end at x2.
void check_registers(Report& report) noexcept {
  arm64::SmcccRegs regs{{static_cast<std::uint64_t>(Fid::RSI_VERSION), arm64::kRsi1_0}};
  for (unsigned i = 3; i < 18; ++i) regs.x[i] = 0xabcd'0000 + i;
  arm64::smccc_call(machine().conduit, regs);
  bool kept = true;
  for (unsigned i = 4; i < 18; ++i) kept = kept && regs.x[i] == 0xabcd'0000 + i;
  report.check(kept, "RSI_VERSION leaves x4-x17 alone");
}

void check_identifiers(Report& report) noexcept {
  arm64::SmcccRegs high{{0x1'0000'0000 | static_cast<std::uint64_t>(Fid::RSI_VERSION), arm64::kRsi1_0}};
  arm64::smccc_call(machine().conduit, high);
  report.equal(high.x[0], kNotSupported, "an identifier with upper bits set is unknown");
  arm64::SmcccRegs hint{{arm64::fid::SVE_HINT::kMask | static_cast<std::uint64_t>(Fid::RSI_VERSION), arm64::kRsi1_0}};
  arm64::smccc_call(machine().conduit, hint);
  report.equal(hint.x[0], 0, "the SVE hint is ignored");
  for (std::uint32_t id = 0xc400'019a; id <= 0xc400'01af; ++id) {
    if (call(static_cast<Fid>(id), 0).x[0] == kNotSupported) continue;
    report.equal(id, 0, "an RSI 1.1 call is not supported");
    return;
  }
  report.check(true, "no RSI call beyond 1.0 is supported");
  report.equal(call(Fid::VENDOR_HYP_CALL_UID).x[0], kNotSupported, "no second personality: the UID call is unknown");
  report.equal(call(Fid::PKVM_MEM_SHARE, 0x4000'0000, 0, 0).x[0], kNotSupported, "MEM_SHARE is unknown");
}

void check_hvc(Report& report) noexcept {
  const Abort abort = expecting_abort([] { static_cast<void>(arm64::smccc(arm64::Conduit::Hvc, Fid::PSCI_VERSION)); });
  report.check(abort.count == 1 && arm64::exception_class(abort.ESR) == arm64::ExceptionClass::UNKNOWN,
               "HVC is undefined");
}

// The immediate is part of what is called: a number that only #0 may carry must not be obeyed behind another one.
void check_immediate(Report& report) noexcept {
  const Abort abort = expecting_abort([] {
    register std::uint64_t x0 asm("x0") = static_cast<std::uint64_t>(Fid::PSCI_VERSION);
    asm volatile("smc #1" : "+r"(x0) : : "x1", "x2", "x3", "memory");
  });
  report.check(abort.count == 1 && arm64::exception_class(abort.ESR) == arm64::ExceptionClass::UNKNOWN,
               "SMC #1 is undefined");
}

}  // namespace

void check_discovery(Report& report) noexcept {
  check_version(report);
  check_registers(report);
  check_identifiers(report);
  check_hvc(report);
  check_immediate(report);
}

}  // namespace redoubt::guest
