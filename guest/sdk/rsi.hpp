// SPDX-License-Identifier: Apache-2.0
// Realm Services Interface calls (Arm DEN0137, RSI 1.0) as a guest makes them. Only valid under Personality::Rsi.
#pragma once

#include <cstdint>

#include "guest/sdk/machine.hpp"

namespace redoubt::guest::rsi {

using arm64::Fid;
using arm64::RsiRipas;
using arm64::RsiStatus;

struct Answer {
  RsiStatus status;
  std::uint64_t x1;
  std::uint64_t x2;
};

template <class... Args>
[[nodiscard]] auto ask(Fid function, Args... args) noexcept -> Answer {
  const auto regs = call(function, args...);
  return {static_cast<RsiStatus>(regs.x[0]), regs.x[1], regs.x[2]};
}

[[nodiscard]] inline auto version(std::uint64_t requested) noexcept -> Answer {
  return ask(Fid::RSI_VERSION, requested);
}
[[nodiscard]] inline auto realm_config(Ipa page) noexcept -> Answer { return ask(Fid::RSI_REALM_CONFIG, page.value()); }

// Answer: x1 first address not changed, x2 RsiResponse.
[[nodiscard]] inline auto ipa_state_set(Ipa base, Ipa top, RsiRipas ripas, std::uint64_t flags) noexcept -> Answer {
  return ask(Fid::RSI_IPA_STATE_SET, base.value(), top.value(), ripas, flags);
}
// Answer: x1 end of the run with the same state, x2 RsiRipas.
[[nodiscard]] inline auto ipa_state_get(Ipa base, Ipa end) noexcept -> Answer {
  return ask(Fid::RSI_IPA_STATE_GET, base.value(), end.value());
}
[[nodiscard]] inline auto host_call(Ipa structure) noexcept -> Answer {
  return ask(Fid::RSI_HOST_CALL, structure.value());
}

// Repeats IPA_STATE_SET as long as it makes progress; true when all of [base, top) was changed.
[[nodiscard]] inline auto set_all(Ipa base, Ipa top, RsiRipas ripas, std::uint64_t flags) noexcept -> bool {
  while (base < top) {
    const Answer answer = ipa_state_set(base, top, ripas, flags);
    if (answer.status != RsiStatus::SUCCESS || answer.x2 != 0) return false;
    if (answer.x1 <= base.value() || answer.x1 > top.value()) return false;
    base = Ipa{answer.x1};
  }
  return true;
}

}  // namespace redoubt::guest::rsi
