// SPDX-License-Identifier: Apache-2.0
#include "guest/payloads/rsi/rsi.hpp"

namespace redoubt::guest {

namespace {

namespace config = arm64::rsi_config;

constinit Page page{};
constinit Page untouched{};

void check_contents(Report& report) noexcept {
  const auto* words = static_cast<const volatile std::uint64_t*>(page.word);
  report.equal(words[config::kIpaWidth / 8], machine().ipa_bits, "the IPA width is the same every time");
  report.check(words[config::kHashAlgorithm / 8] <= 2, "the hash algorithm is known and followed by zeros");
  bool rest_zero = true;
  for (unsigned at = 0x10; at < config::kBytes; at += 8) {
    const bool personal =
        at >= config::kPersonalisation && at < config::kPersonalisation + config::kPersonalisationBytes;
    rest_zero = rest_zero && (personal || words[at / 8] == 0);
  }
  report.check(rest_zero, "the rest of the page is zero");
}

}  // namespace

void check_configuration(Report& report) noexcept {
  for (auto& word : page.word) word = ~std::uint64_t{0};
  for (auto& word : untouched.word) word = ~std::uint64_t{0};
  const Ipa at = address_of(page);
  if (accepted(report, rsi::realm_config(at), "RSI_REALM_CONFIG")) check_contents(report);
  refused(report, rsi::realm_config(address_of(untouched) + 8), "a configuration page that is not aligned");
  refused(report, rsi::realm_config(shared_alias(address_of(untouched))), "in the shared half");
  refused(report, rsi::realm_config(Ipa{shared_half().value() << 1}), "beyond the address space");
  refused(report, rsi::realm_config(Ipa{~std::uint64_t{0xfff}}), "at the end of 64 bits");
  refused(report, rsi::realm_config(kUartBase), "where there is no RAM");
  bool kept = true;
  for (const volatile std::uint64_t& word : untouched.word) kept = kept && word == ~std::uint64_t{0};
  report.check(kept, "a refused call writes nothing");
}

}  // namespace redoubt::guest
