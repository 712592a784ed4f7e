// SPDX-License-Identifier: Apache-2.0
// The parts of the rsi payload, one file per group of calls (Arm DEN0137, RSI 1.0).
#pragma once

#include "guest/sdk/payload.hpp"
#include "guest/sdk/rsi.hpp"

namespace redoubt::guest {

void check_discovery(Report& report) noexcept;      // version, features, calling convention, unknown calls
void check_configuration(Report& report) noexcept;  // REALM_CONFIG
void check_ipa_state(Report& report) noexcept;      // IPA_STATE_GET, IPA_STATE_SET and what accesses then see
void check_attestation(Report& report) noexcept;    // measurements and token
void check_host_call(Report& report) noexcept;

// A page of this image, for calls that want one.
struct alignas(kPageSize) Page {
  std::uint64_t word[kPageSize / 8];
};

[[nodiscard]] inline auto address_of(const Page& page) noexcept -> Ipa {
  return Ipa{reinterpret_cast<std::uintptr_t>(&page)};
}

// First address of the shared half.
[[nodiscard]] inline auto shared_half() noexcept -> Ipa { return shared_alias(Ipa{0}); }

inline auto refused(Report& report, rsi::Answer answer, std::string_view what) noexcept -> bool {
  return report.equal(static_cast<std::uint64_t>(answer.status),
                      static_cast<std::uint64_t>(rsi::RsiStatus::ERROR_INPUT), what);
}

inline auto accepted(Report& report, rsi::Answer answer, std::string_view what) noexcept -> bool {
  return report.equal(static_cast<std::uint64_t>(answer.status), static_cast<std::uint64_t>(rsi::RsiStatus::SUCCESS),
                      what);
}

}  // namespace redoubt::guest
