// SPDX-License-Identifier: Apache-2.0
// SMC function numbers of all owners and kinds (DEN0028 2.5). Left out are those that end or suspend the caller or the machine.
#include <algorithm>

#include "guest/payloads/hostile_host/hostile.hpp"

namespace redoubt::guest {
namespace {

constexpr std::uint64_t kPsciOwner = 4;
constexpr std::uint64_t kArchOwner = 0;
constexpr std::uint64_t kFunctions = 0x20;
constexpr std::uint64_t kRandom = 8;

// CPU_SUSPEND, CPU_OFF, CPU_ON, SYSTEM_OFF, SYSTEM_RESET, CPU_FREEZE, CPU_DEFAULT_SUSPEND, NODE_HW_STATE, SYSTEM_SUSPEND,
// SYSTEM_RESET2, SYSTEM_OFF2.
constexpr std::uint64_t kPower[] = {1, 2, 3, 8, 9, 0xb, 0xc, 0xd, 0xe, 0x12, 0x15};

auto ends_something(std::uint64_t owner, std::uint64_t function) noexcept -> bool {
  return owner == kPsciOwner && std::ranges::find(kPower, function) != std::end(kPower);
}

// True if the answer is one that this number may have.
auto try_number(std::uint64_t fid, Random& rng) noexcept -> bool {
  arm64::SmcccRegs regs{{fid}};
  for (unsigned i = 1; i < 8; ++i) regs.x[i] = rng.one_in(4) ? rng.next() : rng.pick(4);
  arm64::detail::smc_regs(regs);
  const std::uint64_t owner = fid >> 24 & 63;
  const bool known = fid >> 32 == 0 && (owner == kPsciOwner || owner == kArchOwner);
  return known || static_cast<std::int64_t>(regs.x[0]) == -1;
}

}  // namespace

void try_firmware(Report& report, std::uint64_t seed) noexcept {
  Random rng{seed};
  std::uint64_t tried = 0;
  std::uint64_t wrong = 0;
  for (std::uint64_t kind = 0; kind < 4; ++kind) {  // fast or yielding, 64 or 32 bits
    for (std::uint64_t owner = 0; owner < 64; ++owner) {
      for (std::uint64_t n = 0; n < kFunctions + kRandom; ++n) {
        const std::uint64_t function = n < kFunctions ? n : rng.pick(1 << 16);
        if (ends_something(owner, function)) continue;
        const std::uint64_t upper = rng.one_in(16) ? rng.next() << 32 : 0;
        wrong += try_number(upper | kind << 30 | owner << 24 | function, rng) ? 0 : 1;
        ++tried;
      }
    }
  }
  print("{} function numbers\n", tried);
  report.equal(wrong, 0, "nobody answers for owners other than the architecture and PSCI");
}

}  // namespace redoubt::guest
