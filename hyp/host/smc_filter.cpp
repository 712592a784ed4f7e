// SPDX-License-Identifier: Apache-2.0
#include "arch/arm64/el2/smc.hpp"
#include "arch/arm64_defs/smccc.hpp"
#include "hyp/cpu/psci_relay.hpp"
#include "hyp/host/host_traps.hpp"
#include "hyp/log/log.hpp"

namespace redoubt::hyp {
namespace {

using arm64::Fid;

constexpr std::uint64_t kNotSupported = ~std::uint64_t{0};
constexpr unsigned kMaxLogged = 16;
constinit std::atomic<unsigned> refusals{0};

// Work-arounds that firmware performs on call; asked for by the host's own mitigation code.
auto firmware_workaround(Fid call) noexcept -> bool {
  return call == Fid::SMCCC_ARCH_WORKAROUND_1 || call == Fid::SMCCC_ARCH_WORKAROUND_2 ||
         call == Fid::SMCCC_ARCH_WORKAROUND_3;
}

// TRNG is the host's to use as well as ours; the answers are its own.
auto relayed(Fid call) noexcept -> bool {
  return firmware_workaround(call) || arm64::is_trng(call) || call == Fid::SMCCC_ARCH_SOC_ID ||
         call == Fid::SMCCC_ARCH_SOC_ID64;
}

void answer_arch_features(Context& host) noexcept {
  const auto asked = static_cast<Fid>(host.x[1]);
  if (host.x[1] <= 0xffff'ffff && relayed(asked)) {
    host.x[0] = arm64::smc(static_cast<std::uint64_t>(Fid::SMCCC_ARCH_FEATURES), host.x[1], 0, 0);
    return;
  }
  const bool own = asked == Fid::SMCCC_VERSION || asked == Fid::SMCCC_ARCH_FEATURES;
  host.x[0] = own ? 0 : kNotSupported;
}

}  // namespace

void host_smc(PerCpu& cpu) noexcept {
  auto& x = cpu.host.x;
  // Upper bits that are not zero make another number, not the same one (a filter that cuts them off can be fooled).
  const auto number = x[0] & ~arm64::fid::SVE_HINT::kMask;
  const auto call = static_cast<Fid>(number);
  if (number <= 0xffff'ffff) {
    if (arm64::is_psci(call)) return relay_psci(cpu, call);
    if (call == Fid::SMCCC_VERSION) {
      x[0] = arm64::kSmccc1_2;
      return;
    }
    if (call == Fid::SMCCC_ARCH_FEATURES) return answer_arch_features(cpu.host);
    if (relayed(call)) {
      const auto result = arm64::smc4(number, x[1], x[2], x[3]);
      x[0] = result.x0;
      x[1] = result.x1;
      x[2] = result.x2;
      x[3] = result.x3;
      return;
    }
  }
  x[0] = kNotSupported;
  // RSI is asked for by every kernel since 6.13: refusing it is the normal case and not worth a line.
  if (!arm64::is_rsi(call) && refusals.fetch_add(1, std::memory_order_relaxed) < kMaxLogged) {
    log("refused the host's firmware call {}", Hex{number});
  }
}

}  // namespace redoubt::hyp
