// SPDX-License-Identifier: Apache-2.0
#include "guest/payloads/rsi/rsi.hpp"

namespace redoubt::guest {

namespace {

using rsi::Answer;
using rsi::Fid;
using rsi::RsiStatus;

constexpr std::uint64_t kNotSupported = ~std::uint64_t{0};
constexpr unsigned kWords = arm64::kRsiMeasurementBytes / 8;
constexpr unsigned kMaxSteps = 1000;

constinit Page token_page{};

struct Measurement {
  std::uint64_t word[kWords];
  constexpr auto operator==(const Measurement&) const noexcept -> bool = default;
};

auto read_measurement(std::uint64_t index, Measurement& value) noexcept -> std::uint64_t {
  const auto regs = call(Fid::RSI_MEASUREMENT_READ, index);
  for (unsigned i = 0; i < kWords; ++i) value.word[i] = regs.x[i + 1];
  return regs.x[0];
}

auto extend(std::uint64_t index, std::uint64_t bytes, std::uint64_t word) noexcept -> std::uint64_t {
  return call(Fid::RSI_MEASUREMENT_EXTEND, index, bytes, word, word, word, word, word, word, word, word).x[0];
}

auto is_input_error(std::uint64_t status) noexcept -> bool {
  return status == static_cast<std::uint64_t>(RsiStatus::ERROR_INPUT);
}

// An honest refusal of a call that is not there: never SUCCESS with made-up contents.
auto is_honest_refusal(std::uint64_t status) noexcept -> bool {
  return status == kNotSupported || status == static_cast<std::uint64_t>(RsiStatus::ERROR_STATE) ||
         status == static_cast<std::uint64_t>(RsiStatus::ERROR_UNKNOWN);
}

// SHA-256 of 32 zero bytes followed by 32 times 'A': the first extension of an extensible measurement.
constexpr Measurement kExtendedOnce{
    {0x1710'a58d'7c94'1a1f, 0x8ad5'322d'fd66'46ff, 0x7179'4349'a7e6'9cf5, 0xe151'6114'303b'a9f6, 0, 0, 0, 0}};

void check_extend(Report& report) noexcept {
  constexpr std::uint64_t kLetters = 0x4141'4141'4141'4141;
  Measurement before{};
  Measurement after{};
  static_cast<void>(read_measurement(4, before));
  const std::uint64_t status = extend(4, 32, kLetters);
  if (is_honest_refusal(status)) return report.skipped("MEASUREMENT_EXTEND", "refused honestly");
  report.equal(status, 0, "MEASUREMENT_EXTEND");
  static_cast<void>(read_measurement(4, after));
  report.check(!(before == after), "changes the measurement");
  if (before == Measurement{} && after.word[4] == 0) {
    report.check(after == kExtendedOnce, "to the SHA-256 of old value and data");
  }
  report.check(is_input_error(extend(0, 32, 0)), "the initial measurement cannot be extended");
  report.check(is_input_error(extend(5, 32, 0)), "EXTEND of index 5");
  report.check(is_input_error(extend(1, 65, 0)), "EXTEND by 65 bytes");
  report.check(is_input_error(extend(1, ~std::uint64_t{0}, 0)), "EXTEND by 2^64-1 bytes");
}

void check_measurements(Report& report) noexcept {
  Measurement initial{};
  const std::uint64_t status = read_measurement(0, initial);
  report.check(is_input_error(read_measurement(arm64::kRsiMeasurements, initial)), "READ of index 5");
  report.check(is_input_error(read_measurement(~std::uint64_t{0}, initial)), "READ of index 2^64-1");
  if (is_honest_refusal(status)) return report.skipped("MEASUREMENT_READ", "refused honestly");
  report.equal(status, 0, "READ of the initial measurement");
  static_cast<void>(read_measurement(0, initial));
  report.check(!(initial == Measurement{}), "which is not zero");
  print("initial measurement {x} {x} {x} {x}\n", initial.word[0], initial.word[1], initial.word[2], initial.word[3]);
  Measurement ignored{};
  bool all = true;
  for (std::uint64_t i = 1; i < arm64::kRsiMeasurements; ++i) all = all && read_measurement(i, ignored) == 0;
  report.check(all, "READ of the extensible ones");
  arm64::SmcccRegs regs{{static_cast<std::uint64_t>(Fid::RSI_MEASUREMENT_READ), 1}};
  for (unsigned i = 2; i < 18; ++i) regs.x[i] = 0x7700 + i;
  arm64::smccc_call(machine().conduit, regs);
  bool kept = true;
  for (unsigned i = 9; i < 18; ++i) kept = kept && regs.x[i] == 0x7700 + i;
  report.check(kept, "READ leaves x9-x17 alone");
  check_extend(report);
}

auto take_token(std::uint64_t offset, std::uint64_t bytes) noexcept -> Answer {
  return rsi::ask(Fid::RSI_ATTESTATION_TOKEN_CONTINUE, address_of(token_page).value(), offset, bytes);
}

void check_token_arguments(Report& report) noexcept {
  const std::uint64_t page = address_of(token_page).value();
  const auto next = [](std::uint64_t at, std::uint64_t offset, std::uint64_t bytes) {
    return rsi::ask(Fid::RSI_ATTESTATION_TOKEN_CONTINUE, at, offset, bytes);
  };
  refused(report, next(page + 8, 0, 16), "a token page that is not aligned");
  refused(report, next(shared_alias(Ipa{page}).value(), 0, 16), "in the shared half");
  refused(report, next(kUartBase.value(), 0, 16), "where there is no RAM");
  refused(report, next(page, kPageSize, 0), "a token offset past the page");
  refused(report, next(page, 8, kPageSize), "a token size past the page");
  refused(report, next(page, 8, ~std::uint64_t{0}), "a token size that wraps");
}

// Total bytes, fetched `step` at a time; 0 if it does not end well.
auto fetch_token(std::uint64_t step) noexcept -> std::uint64_t {
  std::uint64_t total = 0;
  for (unsigned i = 0; i < kMaxSteps * 32; ++i) {
    const Answer answer = take_token(total % kPageSize, step);
    total += answer.x1;
    if (answer.status == RsiStatus::SUCCESS) return total;
    if (answer.status != RsiStatus::INCOMPLETE || answer.x1 > step) return 0;
  }
  return 0;
}

void check_token(Report& report) noexcept {
  const Answer early = take_token(0, kPageSize);
  report.check(early.status == RsiStatus::ERROR_STATE || static_cast<std::uint64_t>(early.status) == kNotSupported,
               "TOKEN_CONTINUE before INIT");
  if (early.status == RsiStatus::ERROR_STATE) report.equal(early.x1, 0, "which makes no progress");
  const auto start = [] { return rsi::ask(Fid::RSI_ATTESTATION_TOKEN_INIT, 1, 2, 3, 4, 5, 6, 7, 8); };
  const Answer begun = start();
  if (is_honest_refusal(static_cast<std::uint64_t>(begun.status))) {
    return report.skipped("the attestation token", "refused honestly");
  }
  accepted(report, begun, "TOKEN_INIT");
  report.check(begun.x1 != 0 && begun.x1 <= 32u << 10, "its bound is sane");
  check_token_arguments(report);
  const std::uint64_t bytes = fetch_token(1024);
  report.check(bytes != 0 && bytes <= begun.x1, "the whole token comes, within the bound");
  report.check(take_token(0, 16).status == RsiStatus::ERROR_STATE, "after its end the state is that before INIT");
  static_cast<void>(start());
  report.check(fetch_token(1) != 0, "a token comes in steps of one byte");
}

}  // namespace

void check_attestation(Report& report) noexcept {
  check_measurements(report);
  check_token(report);
}

}  // namespace redoubt::guest
