// SPDX-License-Identifier: Apache-2.0
#include "hyp/boot/smmu_start.hpp"

#include "hyp/boot/boot_map.hpp"
#include "hyp/boot/image.hpp"
#include "hyp/cpu/machine_state.hpp"
#include "hyp/log/log.hpp"
#include "hyp/log/panic.hpp"
#include "hyp/smmu/smmu.hpp"

namespace redoubt::hyp {

using namespace arm64::smmu;

namespace {

constexpr std::uint64_t kFrameBytes = 2 * kPage1;

constinit fdt::List<fdt::PaRange, kMaxOwnedSmmus> taken{};
constinit fdt::List<std::uint32_t, kMaxOwnedSmmus> phandles{};
constinit core::smmu::StreamEntry common_entry{};

auto identity_of(const Smmu& smmu) noexcept -> core::smmu::Identity {
  return {smmu.read(IDR0), smmu.read(IDR1), smmu.read(IDR3), smmu.read(IDR5)};
}

auto reason_against(const Smmu& smmu, const core::smmu::HostStage2& host) noexcept -> const char* {
  const auto id = identity_of(smmu);
  if (const auto* const reason = core::smmu::unusable(id)) return reason;
  const auto entry = core::smmu::stream_entry(host, id);
  if (!entry) return "its addresses are too short";
  if (!taken.empty() && *entry != common_entry) return "it differs from the first one";
  common_entry = *entry;
  return taken.size() == kMaxOwnedSmmus ? "there are too many" : nullptr;
}

// Disabled, and aborting what comes through meanwhile (6.3.13: GBPA is written with Update and read until it is clear).
void close(const Smmu& smmu) noexcept {
  smmu.wait(GBPA, kGbpaUpdate, 0);
  smmu.write(GBPA, kGbpaUpdate | kGbpaAbort);
  smmu.wait(GBPA, kGbpaUpdate, 0);
  smmu.write(CR0, 0);
  smmu.wait(CR0ACK, kCr0Enable, 0);
  smmu.write(IRQ_CTRL, 0);
}

template <class T>
auto pa_in_image(const T& object) noexcept -> Pa {
  return Pa{machine().image_pa + image_offset(&object)};
}

void enable(const Smmu& smmu, std::uint32_t bits) noexcept {
  smmu.write(CR0, bits);
  smmu.wait(CR0ACK, bits, bits);
}

void start(unsigned n) noexcept {
  const auto& smmu = smmus.each[n];
  smmu.write(CR1, kCr1WriteBack);
  smmu.write(CR2, kCr2);
  smmu.write64(STRTAB_BASE, pa_in_image(smmu_memory.first_level).value() | kReadAllocate);
  smmu.write(STRTAB_BASE_CFG, static_cast<std::uint32_t>(kTwoLevel | kSplit << 6 | smmu.stream_bits));
  smmu.write64(CMDQ_BASE, pa_in_image(smmu_memory.commands[n]).value() | kReadAllocate | kQueueBits);
  smmu.write(CMDQ_PROD, 0);
  smmu.write(CMDQ_CONS, 0);
  smmu.write64(EVENTQ_BASE, pa_in_image(smmu_memory.events[n]).value() | kReadAllocate | kQueueBits);
  smmu.write(EVENTQ_PROD, 0);
  smmu.write(EVENTQ_CONS, 0);
  enable(smmu, kCr0Queues);
  smmu_command(n, core::smmu::kForgetConfiguration);
  smmu_command(n, core::smmu::kForgetEverything);
  smmu_sync(n);
  enable(smmu, kCr0Enable);
}

}  // namespace

auto take_smmus(const fdt::PlatformInfo& platform, const core::smmu::HostStage2& host) noexcept
    -> std::span<const std::uint32_t> {
  for (const auto& [range, phandle] : platform.smmus) {
    const Smmu smmu{.va = EL2_DEVICE_VA + range.begin.value(), .stream_bits = 0};
    const bool whole = aligned(range.begin.value(), kPageSize) && range.bytes() >= kFrameBytes;
    if (whole) boot_map(smmu.va, range.begin, kFrameBytes, Use::DEVICE);
    if (const auto* const reason = whole ? reason_against(smmu, host) : "its registers are incomplete") {
      log("the SMMU at {} is of no use: {}", Hex{range.begin.value()}, reason);
      continue;
    }
    close(smmu);
    smmus.each[taken.size()] = smmu;
    smmus.each[taken.size()].stream_bits = core::smmu::stream_bits(identity_of(smmu));
    (void)taken.push(range);
    (void)phandles.push(phandle);
  }
  return {phandles.begin(), phandles.size()};
}

void start_smmus(const core::smmu::HostStage2& host) noexcept {
  if (taken.empty()) return;
  common_entry[3] = host.root.value();
  smmu_memory.entries.fill(common_entry);
  const Pa entries = pa_in_image(smmu_memory.entries);
  if (!aligned(entries.value(), sizeof(smmu_memory.entries))) panic("the image must lie at a multiple of 16 KiB");
  smmu_memory.first_level.fill(core::smmu::first_level(entries));
  for (unsigned n = 0; n < taken.size(); ++n) {
    start(n);
    log("SMMU at {}: every device behind it reaches what the host reaches", Hex{taken[n].begin.value()});
  }
  smmus.count = static_cast<unsigned>(taken.size());
}

}  // namespace redoubt::hyp
