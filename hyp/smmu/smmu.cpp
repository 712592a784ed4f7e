// SPDX-License-Identifier: Apache-2.0
#include "hyp/smmu/smmu.hpp"

#include <bit>

#include "arch/arm64/common/barrier.hpp"
#include "hyp/log/log.hpp"
#include "hyp/log/panic.hpp"

namespace redoubt::hyp {

using namespace arm64::smmu;

constinit Smmus smmus{};
constinit SmmuMemory smmu_memory{};

namespace {

constexpr std::uint32_t kPatience = 100'000'000;            // reads of a register
constexpr std::uint32_t kWrapMask = 2 * kQueueEntries - 1;  // index and wrap bit
constexpr std::uint64_t kMaxByPage = 16;                    // above: everything of the host at once

constinit std::uint64_t stopped = 0;

// An event: what and who in the first word, where in the third (7.3).
void report(const std::array<std::uint64_t, 4>& event) noexcept {
  ++stopped;
  if (!std::has_single_bit(stopped)) return;
  log("device {} was stopped at {} (SMMU event {}; {} in all)", Hex{event[0] >> 32}, Hex{event[2]},
      Hex{event[0] & 0xff}, stopped);
}

void drain_events(unsigned n) noexcept {
  const auto& smmu = smmus.each[n];
  const auto end = smmu.read(EVENTQ_PROD) & kWrapMask;
  auto at = smmu.read(EVENTQ_CONS) & kWrapMask;
  if (at == end) return;
  // At most one queue full: the SMMU may add faster than this reads.
  for (std::uint32_t done = 0; at != end && done < kQueueEntries; ++done) {
    report(smmu_memory.events[n][at % kQueueEntries]);
    at = (at + 1) & kWrapMask;
  }
  // The overflow flag is acknowledged with the new index (7.4).
  smmu.write(EVENTQ_CONS, at | (smmu.read(EVENTQ_PROD) & (std::uint32_t{1} << 31)));
}

}  // namespace

void Smmu::wait(std::uint64_t offset, std::uint32_t mask, std::uint32_t value) const noexcept {
  for (std::uint32_t poll = 0; (read(offset) & mask) != value; ++poll) {
    if (poll == kPatience) panic("the SMMU does not answer");
  }
}

void smmu_command(unsigned n, const core::smmu::Command& command) noexcept {
  auto& smmu = smmus.each[n];
  smmu_memory.commands[n][smmu.producer % kQueueEntries] = command;
  smmu.producer = (smmu.producer + 1) & kWrapMask;
}

void smmu_sync(unsigned n) noexcept {
  smmu_command(n, core::smmu::kSync);
  arm64::dsb_sy();
  smmus.each[n].write(CMDQ_PROD, smmus.each[n].producer);
  smmus.each[n].wait(CMDQ_CONS, kWrapMask, smmus.each[n].producer);
}

void smmu_forget(Pfn first, std::uint64_t pages) noexcept {
  for (unsigned n = 0; n < smmus.count; ++n) {
    if (pages == 0 || pages > kMaxByPage) {
      smmu_command(n, core::smmu::kForgetHost);
    } else {
      for (std::uint64_t i = 0; i < pages; ++i) smmu_command(n, core::smmu::forget_page(Ipa{pa_of(first + i).value()}));
    }
    smmu_sync(n);
    drain_events(n);
  }
}

auto smmu_stopped() noexcept -> std::uint64_t {
  for (unsigned n = 0; n < smmus.count; ++n) drain_events(n);
  return stopped;
}

}  // namespace redoubt::hyp
