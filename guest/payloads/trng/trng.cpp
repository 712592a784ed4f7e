// SPDX-License-Identifier: Apache-2.0
// The TRNG firmware interface (Arm DEN0098). Boot argument require=1 makes its absence a failure.
#include "guest/sdk/machine.hpp"
#include "guest/sdk/payload.hpp"
#include "guest/sdk/timer.hpp"

namespace redoubt::guest {

const std::string_view kPayloadName = "trng";

namespace {

using arm64::Fid;
using arm64::TrngStatus;

constexpr unsigned kDraws = 32;
constexpr unsigned kRetries = 1000;

auto status_of(const arm64::SmcccRegs& regs) noexcept -> TrngStatus {
  return static_cast<TrngStatus>(static_cast<std::int32_t>(static_cast<std::uint32_t>(regs.x[0])));
}

// NO_ENTROPY means "ask again later".
auto draw(Fid function, std::uint64_t bits) noexcept -> arm64::SmcccRegs {
  arm64::SmcccRegs regs = call(function, bits);
  for (unsigned i = 0; i < kRetries && status_of(regs) == TrngStatus::NO_ENTROPY; ++i) {
    timer::delay_ms(1);
    regs = call(function, bits);
  }
  return regs;
}

void check_discovery(Report& report) noexcept {
  for (const Fid function :
       {Fid::TRNG_VERSION, Fid::TRNG_FEATURES, Fid::TRNG_GET_UUID, Fid::TRNG_RND32, Fid::TRNG_RND64}) {
    if (static_cast<std::int32_t>(call(Fid::TRNG_FEATURES, function).x[0]) < 0) {
      report.equal(static_cast<std::uint32_t>(function), 0, "TRNG_FEATURES knows every mandatory call");
    }
  }
  report.check(static_cast<std::int32_t>(call(Fid::TRNG_FEATURES, Fid::PSCI_VERSION).x[0]) < 0,
               "TRNG_FEATURES answers for the TRNG alone");
  report.check(static_cast<std::uint32_t>(call(Fid::TRNG_GET_UUID).x[0]) != ~0u, "there is a UUID");
}

void check_sizes(Report& report) noexcept {
  const auto refused = [&](Fid function, std::uint64_t bits, std::string_view what) {
    report.check(status_of(call(function, bits)) == TrngStatus::INVALID_PARAMETERS, what);
  };
  refused(Fid::TRNG_RND64, 0, "RND64 of 0 bits");
  refused(Fid::TRNG_RND64, arm64::kTrngMaxBits64 + 1, "RND64 of 193 bits");
  refused(Fid::TRNG_RND64, ~std::uint64_t{0}, "RND64 of 2^64-1 bits");
  refused(Fid::TRNG_RND32, 0, "RND32 of 0 bits");
  refused(Fid::TRNG_RND32, arm64::kTrngMaxBits32 + 1, "RND32 of 97 bits");
}

// Bits beyond those asked for are zero; the most significant word is in x1 (DEN0098 2.5).
void check_excess(Report& report) noexcept {
  bool clean = true;
  for (unsigned i = 0; i < kDraws; ++i) {
    const auto few = draw(Fid::TRNG_RND64, 5);
    clean = clean && few.x[1] == 0 && few.x[2] == 0 && few.x[3] < 32;
    const auto some = draw(Fid::TRNG_RND64, 70);
    clean = clean && some.x[1] == 0 && some.x[2] < 64;
    const auto words = draw(Fid::TRNG_RND32, 33);
    clean = clean && words.x[1] == 0 && words.x[2] < 2 && words.x[3] <= 0xffff'ffff;
  }
  report.check(clean, "no bits beyond those asked for");
}

void check_randomness(Report& report) noexcept {
  std::uint64_t seen[kDraws];
  std::uint64_t any = 0;
  std::uint64_t all = ~std::uint64_t{0};
  bool fresh = true;
  for (unsigned i = 0; i < kDraws; ++i) {
    const auto regs = draw(Fid::TRNG_RND64, 192);
    if (status_of(regs) != TrngStatus::SUCCESS) return void(report.check(false, "RND64 of 192 bits"));
    seen[i] = regs.x[3];
    fresh = fresh && regs.x[1] != regs.x[2] && regs.x[2] != regs.x[3];
    any |= regs.x[1];
    all &= regs.x[1];
    for (unsigned j = 0; j < i; ++j) fresh = fresh && seen[j] != seen[i];
  }
  report.check(fresh, "no word comes twice");
  report.check(any == ~std::uint64_t{0} && all == 0, "no bit is stuck");
}

void check_registers(Report& report) noexcept {
  arm64::SmcccRegs regs{{static_cast<std::uint64_t>(Fid::TRNG_RND64), 192}};
  for (unsigned i = 4; i < 18; ++i) regs.x[i] = 0x3300 + i;
  arm64::smccc_call(machine().conduit, regs);
  bool kept = true;
  for (unsigned i = 4; i < 18; ++i) kept = kept && regs.x[i] == 0x3300 + i;
  report.check(kept, "RND64 leaves x4-x17 alone");
}

}  // namespace

void run_payload(Report& report) noexcept {
  const auto version = static_cast<std::int32_t>(call(Fid::TRNG_VERSION).x[0]);
  if (version < 0) {
    if (argument("require", 0) != 0) report.check(false, "there is a TRNG");
    return report.skipped("TRNG", "not supported here");
  }
  report.check(static_cast<std::uint32_t>(version) >= arm64::kTrng1_0, "TRNG_VERSION is at least 1.0");
  check_discovery(report);
  check_sizes(report);
  if (status_of(draw(Fid::TRNG_RND64, 64)) == TrngStatus::NO_ENTROPY) {
    if (argument("require", 0) != 0) report.check(false, "there is entropy");
    return report.skipped("random numbers", "no entropy");
  }
  check_excess(report);
  check_randomness(report);
  check_registers(report);
}

}  // namespace redoubt::guest
