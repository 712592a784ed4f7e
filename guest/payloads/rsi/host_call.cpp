// SPDX-License-Identifier: Apache-2.0
#include "guest/payloads/rsi/rsi.hpp"

namespace redoubt::guest {

namespace {

constinit Page page{};

}  // namespace

void check_host_call(Report& report) noexcept {
  const Ipa at = address_of(page);
  refused(report, rsi::host_call(at + 128), "a host call structure that is not aligned");
  refused(report, rsi::host_call(shared_alias(at)), "in the shared half");
  refused(report, rsi::host_call(Ipa{shared_half().value() << 1}), "beyond the address space");
  refused(report, rsi::host_call(kUartBase), "where there is no RAM");
  if (argument("host_call", 1) == 0) return report.skipped("RSI_HOST_CALL", "host_call=0");
  constexpr unsigned kFirstGpr = arm64::rsi_host_call::kGprs / 8;
  constexpr unsigned kEnd = arm64::rsi_host_call::kBytes / 8;
  page.word[0] = 0x1234;
  for (unsigned i = kFirstGpr; i < kEnd; ++i) page.word[i] = i;
  page.word[kEnd] = 0xfeed;
  const rsi::Answer answer = rsi::host_call(at);
  accepted(report, answer, "RSI_HOST_CALL");
  const auto* words = static_cast<const volatile std::uint64_t*>(page.word);
  report.equal(words[0], 0x1234, "the host does not change the immediate");
  report.equal(words[kEnd], 0xfeed, "nor what follows the structure");
}

}  // namespace redoubt::guest
