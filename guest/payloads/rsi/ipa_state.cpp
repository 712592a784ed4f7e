// SPDX-License-Identifier: Apache-2.0
#include "guest/payloads/rsi/rsi.hpp"

#include "arch/arm64/common/cache.hpp"
#include "arch/arm64_defs/esr.hpp"
#include "guest/sdk/exceptions.hpp"
#include "guest/sdk/translation.hpp"

namespace redoubt::guest {

namespace {

using rsi::Answer;
using rsi::RsiRipas;

constexpr std::uint64_t kMagic = 0x6c6f'7374'6461'7461;
constexpr std::uint64_t kBlock = 2u << 20;

// before, subject and after lie in adjacent pages: a conversion must touch the middle one alone.
constinit Page pages[3]{};
constinit Page& subject = pages[1];

auto is_external_abort(const Abort& abort, arm64::ExceptionClass wanted) noexcept -> bool {
  return abort.count == 1 && arm64::exception_class(abort.ESR) == wanted &&
         arm64::abort_iss::FSC::of(abort.ESR) == arm64::fsc::kSynchronousExternal;
}

auto read_aborts(Ipa address) noexcept -> bool {
  return is_external_abort(expecting_abort([=] {
                             std::uint64_t value;
                             asm volatile("ldr %0, [%1]" : "=r"(value) : "r"(address.value()) : "memory");
                           }),
                           arm64::ExceptionClass::DATA_ABORT_SAME);
}

auto write_aborts(Ipa address) noexcept -> bool {
  return is_external_abort(expecting_abort([=] { asm volatile("str xzr, [%0]" ::"r"(address.value())
                                                              : "memory"); }),
                           arm64::ExceptionClass::DATA_ABORT_SAME);
}

auto fetch_aborts(Ipa address) noexcept -> bool {
  return is_external_abort(expecting_abort([=] {
                             asm volatile("blr %0" ::"r"(address.value())
                                          : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11",
                                            "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x30", "memory");
                           }),
                           arm64::ExceptionClass::INSTRUCTION_ABORT_SAME);
}

void check_get(Report& report) noexcept {
  const Ipa ram = machine().ram_base;
  const Ipa end = ram + machine().ram_bytes;
  const Answer all = rsi::ipa_state_get(ram, end);
  accepted(report, all, "IPA_STATE_GET of all RAM");
  report.check(all.x2 == static_cast<std::uint64_t>(RsiRipas::RAM) && all.x1 > ram.value() && all.x1 <= end.value(),
               "begins with RAM and is clamped");
  const Answer device = rsi::ipa_state_get(kUartBase, kUartBase + kPageSize);
  report.check(device.status == rsi::RsiStatus::SUCCESS && device.x2 == static_cast<std::uint64_t>(RsiRipas::EMPTY) &&
                   device.x1 == kUartBase.value() + kPageSize,
               "a device is EMPTY");
  const Answer edge = rsi::ipa_state_get(end, end + kPageSize);
  report.check(edge.x2 == static_cast<std::uint64_t>(RsiRipas::EMPTY), "past the end of RAM is EMPTY");
  refused(report, rsi::ipa_state_get(ram + 1, end), "GET of an unaligned base");
  refused(report, rsi::ipa_state_get(ram, ram + 0x1800), "GET of an unaligned end");
  refused(report, rsi::ipa_state_get(ram, ram), "GET of nothing");
  refused(report, rsi::ipa_state_get(end, ram), "GET of a reversed range");
  refused(report, rsi::ipa_state_get(ram, shared_half() + kPageSize), "GET into the shared half");
  refused(report, rsi::ipa_state_get(shared_alias(ram), shared_alias(end)), "GET in the shared half");
  refused(report, rsi::ipa_state_get(ram, Ipa{~std::uint64_t{0xfff}}), "GET to the end of 64 bits");
}

void check_set_refusals(Report& report) noexcept {
  const Ipa at = address_of(subject);
  const Ipa top = at + kPageSize;
  const auto ram = RsiRipas::RAM;
  refused(report, rsi::ipa_state_set(at + 8, top, ram, 0), "SET of an unaligned base");
  refused(report, rsi::ipa_state_set(at, top + 8, ram, 0), "SET of an unaligned top");
  refused(report, rsi::ipa_state_set(at, at, ram, 0), "SET of nothing");
  refused(report, rsi::ipa_state_set(top, at, RsiRipas::EMPTY, 0), "SET of a reversed range");
  refused(report, rsi::ipa_state_set(shared_alias(at), shared_alias(top), ram, 0), "SET in the shared half");
  refused(report, rsi::ipa_state_set(at, shared_half() + kPageSize, RsiRipas::EMPTY, 0), "SET into the shared half");
  refused(report, rsi::ipa_state_set(at, Ipa{~std::uint64_t{0xfff}}, RsiRipas::EMPTY, 0), "SET to the end of 64 bits");
  refused(report, rsi::ipa_state_set(at, top, RsiRipas::DESTROYED, 0), "SET to DESTROYED");
  refused(report, rsi::ipa_state_set(at, top, RsiRipas::DEV, 0), "SET to DEV");
  refused(report, rsi::ipa_state_set(at, top, static_cast<RsiRipas>(~std::uint64_t{0}), 0),
          "SET to a state that is none");
}

auto fill(Page& page, std::uint64_t value) noexcept -> void {
  for (volatile std::uint64_t& word : page.word) word = value;
}

auto all_words_are(const Page& page, std::uint64_t value) noexcept -> bool {
  for (const volatile std::uint64_t& word : page.word) {
    if (word != value) return false;
  }
  return true;
}

void check_ram_to_ram(Report& report) noexcept {
  fill(subject, kMagic);
  const Answer answer = rsi::ipa_state_set(address_of(subject), address_of(subject) + kPageSize, RsiRipas::RAM, 0);
  accepted(report, answer, "SET of RAM to RAM");
  report.check(answer.x1 == address_of(subject).value() + kPageSize && answer.x2 == 0, "reaches its end, accepted");
  report.check(all_words_are(subject, kMagic), "and keeps the contents");
}

void check_empty_page(Report& report) noexcept {
  const Ipa at = address_of(subject);
  for (Page& page : pages) fill(page, kMagic);
  report.check(rsi::set_all(at, at + kPageSize, RsiRipas::EMPTY, 0), "RAM to EMPTY");
  const Answer state = rsi::ipa_state_get(address_of(pages[0]), address_of(pages[2]) + kPageSize);
  report.check(state.x2 == static_cast<std::uint64_t>(RsiRipas::RAM) && state.x1 == at.value(),
               "GET stops where the state changes");
  report.check(rsi::ipa_state_get(at, at + kPageSize).x2 == static_cast<std::uint64_t>(RsiRipas::EMPTY),
               "GET says EMPTY");
  report.check(read_aborts(at), "a load from it is an external abort");
  report.check(write_aborts(at), "a store to it too");
  report.check(fetch_aborts(at), "a fetch from it too");
  refused(report, rsi::realm_config(at), "a configuration page in EMPTY memory");
  refused(report, rsi::host_call(at), "a host call from EMPTY memory");
  report.check(all_words_are(pages[0], kMagic) && all_words_are(pages[2], kMagic), "its neighbours are unharmed");
}

// What Linux does for DMA buffers: the same frame, through its alias, backed by a page of the host.
void check_shared_page(Report& report) noexcept {
  if (argument("shared", 1) == 0) return report.skipped("shared memory", "shared=0");
  auto* words = reinterpret_cast<volatile std::uint64_t*>(shared_alias(address_of(subject)).value());
  bool leaked = false;
  bool stored = true;
  const Abort abort = expecting_abort([&] {
    for (unsigned i = 0; i < kPageSize / 8; ++i) leaked = leaked || words[i] == kMagic;
    words[0] = 0x1234;
    words[511] = 0x5678;
    stored = words[0] == 0x1234 && words[511] == 0x5678;
  });
  report.equal(abort.count, 0, "the shared alias of an EMPTY page is memory");
  report.check(!leaked, "it does not show what the page held");
  report.check(stored, "it can be written");
  report.check(fetch_aborts(shared_alias(address_of(subject))), "a fetch from it is an external abort");
}

void check_back_to_ram(Report& report) noexcept {
  const Ipa at = address_of(subject);
  report.check(rsi::set_all(at, at + kPageSize, RsiRipas::RAM, arm64::kRsiChangeDestroyed), "EMPTY to RAM");
  report.check(all_words_are(subject, 0), "the contents are gone: it reads as zero");
  fill(subject, kMagic + 1);
  report.check(all_words_are(subject, kMagic + 1), "and is memory again");
}

// A whole block at the end of RAM, far from this image: tables are split and joined.
void check_block(Report& report) noexcept {
  const Ipa end{align_down(machine().ram_base.value() + machine().ram_bytes, kBlock)};
  const Ipa block{end.value() - kBlock};
  auto* words = reinterpret_cast<volatile std::uint64_t*>(block.value());
  constexpr std::uint64_t kStep = kPageSize / 8;
  for (std::uint64_t i = 0; i < kBlock / 8; i += kStep) words[i] = kMagic;
  const Ipa middle = block + 100 * kPageSize;
  report.check(rsi::set_all(middle, middle + 3 * kPageSize, RsiRipas::EMPTY, 0), "three pages inside a block to EMPTY");
  report.check(read_aborts(middle) && read_aborts(middle + 2 * kPageSize), "they abort");
  report.check(words[99 * kStep] == kMagic && words[103 * kStep] == kMagic, "the rest of the block is unharmed");
  report.check(rsi::set_all(block, end, RsiRipas::EMPTY, 0), "the whole block to EMPTY, partly being so");
  report.check(read_aborts(block) && read_aborts(Ipa{end.value() - 8}), "it aborts");
  report.check(rsi::set_all(block, end, RsiRipas::RAM, arm64::kRsiChangeDestroyed), "the whole block to RAM");
  std::uint64_t left = 0;
  for (std::uint64_t i = 0; i < kBlock / 8; i += kStep) left += words[i] != 0 ? 1 : 0;
  report.equal(left, 0, "every page of it reads as zero");
}

void check_outside(Report& report) noexcept {
  report.check(read_aborts(kUartBase), "a device in the protected half is an external abort");
  report.check(fetch_aborts(shared_alias(machine().ram_base)), "a fetch from the shared half is an external abort");
  const Ipa beyond{shared_half().value() << 1};
  if (machine().ipa_bits >= 39) return report.skipped("beyond the IPA space", "not mappable by this SDK");
  map_gigabyte(beyond, MemoryKind::Normal);
  const Abort abort = expecting_abort([=] {
    std::uint64_t value;
    asm volatile("ldr %0, [%1]" : "=r"(value) : "r"(beyond.value()) : "memory");
  });
  // Stage 1 itself faults when the address is wider than the PARange that the guest is shown.
  const std::uint64_t code = arm64::abort_iss::FSC::of(abort.ESR);
  report.check(abort.count == 1 && (code == arm64::fsc::kSynchronousExternal || code < arm64::fsc::kTranslation),
               "an access beyond the IPA space aborts");
}

}  // namespace

void check_ipa_state(Report& report) noexcept {
  check_get(report);
  check_set_refusals(report);
  check_ram_to_ram(report);
  check_empty_page(report);
  check_shared_page(report);
  check_back_to_ram(report);
  check_block(report);
  check_outside(report);
}

}  // namespace redoubt::guest
