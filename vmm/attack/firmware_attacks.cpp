// SPDX-License-Identifier: Apache-2.0
// Calls that are not the host's to make: firmware, the guests' realm interface, and numbers made to look like others.
#include "vmm/attack/attack.hpp"

namespace redoubt::vmm::attack {
namespace {

constexpr std::uint64_t kMinusOne = ~std::uint64_t{0};
constexpr std::uint64_t kPsciVersion = 0x8400'0000;
constexpr std::uint64_t kPsciSystemReset2 = 0xc400'0012;
constexpr std::uint64_t kRsiFirst = 0xc400'0190;
constexpr std::uint64_t kRsiLast = 0xc400'01bf;

[[nodiscard]] auto expect_refusal(const Arena& arena, std::uint64_t function, std::uint32_t immediate = 0) -> bool {
  return arena.device.smc({function}, immediate)[0] == kMinusOne;
}

// A filter that looks only at the lower half takes these for power calls: if they worked, the machine would reset now.
auto upper_bits(const Arena& arena) -> Outcome {
  for (unsigned bit = 32; bit < 64; ++bit) {
    for (const std::uint64_t function : {kPsciSystemReset2, kPsciVersion, kRsiFirst}) {
      const std::uint64_t wide = (std::uint64_t{1} << bit) | function;
      if (!expect_refusal(arena, wide)) return reached("{:#x} was answered", wide);
    }
  }
  return blocked("-1 to each of 96");
}

auto immediates(const Arena& arena) -> Outcome {
  for (const std::uint32_t immediate : {1u, 0xffffu}) {
    if (!expect_refusal(arena, kPsciVersion, immediate))
      return reached("PSCI_VERSION by SMC #{} was answered", immediate);
    if (!expect_refusal(arena, kPsciSystemReset2, immediate)) return reached("SMC #{} was answered", immediate);
  }
  for (const std::uint32_t immediate : {1u, 0xffffu}) {
    rd_attack_call call{};
    call.immediate = immediate;
    call.x[0] = RD_HYPERCALL_BASE + RD_CALL_VERSION;
    if (arena.device.raw(call)[0] != kMinusOne) return reached("VERSION by HVC #{} was answered", immediate);
  }
  return blocked("-1 to SMC and HVC #1 and #0xffff");
}

auto realm_calls(const Arena& arena) -> Outcome {
  for (std::uint64_t function = kRsiFirst; function <= kRsiLast; ++function) {
    if (!expect_refusal(arena, function)) return reached("{:#x} was answered by SMC", function);
    rd_attack_call call{};
    call.x[0] = function;
    if (arena.device.raw(call)[0] != kMinusOne) return reached("{:#x} was answered by HVC", function);
  }
  return blocked("-1 to each of {}", kRsiLast - kRsiFirst + 1);
}

// RMI (realm management), FF-A, trusted OS, standard secure services, and the vendor's.
auto other_services(const Arena& arena) -> Outcome {
  constexpr std::uint64_t kFirsts[] = {0xc400'0150, 0x8400'0060, 0xc400'0060, 0xb200'0000,
                                       0xbf00'0000, 0x8200'0000, 0x8300'0000};
  unsigned tried = 0;
  for (const std::uint64_t first : kFirsts) {
    for (std::uint64_t n = 0; n < 32; ++n, ++tried) {
      if (!expect_refusal(arena, first + n)) return reached("{:#x} was answered", first + n);
    }
  }
  return blocked("-1 to each of {}", tried);
}

// The hypervisor's calls by the other conduit.
auto hypercalls_by_smc(const Arena& arena) -> Outcome {
  for (std::uint64_t number = 0; number < RD_HYPERCALL_LIMIT; ++number) {
    if (!expect_refusal(arena, RD_HYPERCALL_BASE + number)) return reached("call {:#x} was answered by SMC", number);
  }
  return blocked("-1 to each of {}", RD_HYPERCALL_LIMIT);
}

auto version_answers(const Arena& arena) -> Outcome {
  const auto x = arena.device.smc({kPsciVersion});
  return x[0] == kMinusOne ? blocked("PSCI_VERSION answered -1")
                           : reached("PSCI_VERSION is {}.{}", x[0] >> 16, x[0] & 0xffff);
}

constexpr Attack kAttacks[] = {
    {.name = "control-smc",
     .what = "an SMC that is allowed is answered",
     .expected = "answered",
     .outside = version_answers},
    {.name = "smc-upper-bits",
     .what = "function numbers with a bit above 31 set, that look like PSCI and RSI calls",
     .expected = "-1",
     .outside = upper_bits},
    {.name = "smc-imm16",
     .what = "SMC and HVC with an immediate that is not 0",
     .expected = "-1",
     .outside = immediates},
    {.name = "host-rsi", .what = "the guests' realm calls, from the host", .expected = "-1", .outside = realm_calls},
    {.name = "smc-other-services",
     .what = "RMI, FF-A, trusted OS and vendor calls",
     .expected = "-1",
     .outside = other_services},
    {.name = "smc-hypercalls",
     .what = "the hypervisor's own calls by SMC",
     .expected = "-1",
     .outside = hypercalls_by_smc},
};

}  // namespace

auto firmware_attacks() -> std::span<const Attack> { return kAttacks; }

}  // namespace redoubt::vmm::attack
