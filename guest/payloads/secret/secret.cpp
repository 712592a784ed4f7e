// SPDX-License-Identifier: Apache-2.0
// The victim of attack tests: holds a secret in memory and registers, and notices when any of it changes.
// Boot argument seconds=N: how long, default 5; or until somebody types q.
#include "guest/payloads/secret/secret.hpp"

#include "guest/sdk/console.hpp"
#include "guest/sdk/machine.hpp"
#include "guest/sdk/payload.hpp"
#include "guest/sdk/timer.hpp"

namespace redoubt::guest {

const std::string_view kPayloadName = "secret";

namespace {

constexpr std::size_t kCopies = (1u << 20) / sizeof(Secret);
constexpr std::uint64_t kRoundMs = 10;
constexpr unsigned kRoundsPerLine = 100;

alignas(4096) constinit Secret memory[kCopies]{};

void plant(const Secret& secret) noexcept {
  for (Secret& copy : memory) copy = secret;
}

// Words that differ.
auto damage(const Secret& secret) noexcept -> std::uint64_t {
  std::uint64_t wrong = 0;
  for (const volatile Secret& copy : memory) {
    for (unsigned i = 0; i < 4; ++i) wrong += copy.word[i] != secret.word[i] ? 1 : 0;
  }
  return wrong;
}

// One second of rounds; what was lost in it.
auto watch(const Secret& secret) noexcept -> std::uint64_t {
  std::uint64_t lost = 0;
  for (unsigned round = 0; round < kRoundsPerLine; ++round) {
    lost += spin_with_secret(&secret, timer::now() + timer::ticks_of_ms(kRoundMs));
    lost += damage(secret);
  }
  return lost;
}

}  // namespace

void run_payload(Report& report) noexcept {
  const std::uint64_t pattern = timer::now();
  const Secret secret = secret_of(pattern);
  plant(secret);
  print("secret pattern {x} at {x}+{x}\n", pattern, reinterpret_cast<std::uintptr_t>(memory), sizeof memory);
  const std::uint64_t seconds = argument("seconds", 5);
  bool intact = true;
  for (std::uint64_t second = 0; second < seconds && intact && !typed('q'); ++second) {
    const std::uint64_t lost = watch(secret);
    intact = lost == 0;
    if (intact) {
      print("secret intact\n");
    } else {
      print("FAIL secret damaged: {} words\n", lost);
    }
  }
  report.check(intact, "the secret was never changed");
}

}  // namespace redoubt::guest
