// SPDX-License-Identifier: Apache-2.0
// The SMMUs that EL2 owns (Arm IHI 0070F): one stream table for all, which sends every device through the host's stage 2.
#pragma once

#include <array>
#include <cstdint>

#include "arch/arm64_defs/smmuv3.hpp"
#include "base/addr.hpp"
#include "core/smmu/stream_table.hpp"

namespace redoubt::hyp {

inline constexpr unsigned kMaxOwnedSmmus = 4;
inline constexpr unsigned kQueueBits = 6;  // entries of each queue
inline constexpr std::uint32_t kQueueEntries = 1 << kQueueBits;

// Registers at `va`; queues in memory that only EL2 and this SMMU reach.
struct Smmu {
  std::uint64_t va = 0;
  std::uint32_t producer = 0;  // of commands: index and wrap bit, as in CMDQ_PROD
  unsigned stream_bits = 0;

  [[nodiscard]] auto read(std::uint64_t offset) const noexcept -> std::uint32_t {
    return *reinterpret_cast<volatile std::uint32_t*>(va + offset);
  }
  void write(std::uint64_t offset, std::uint32_t value) const noexcept {
    *reinterpret_cast<volatile std::uint32_t*>(va + offset) = value;
  }
  void write64(std::uint64_t offset, std::uint64_t value) const noexcept {
    *reinterpret_cast<volatile std::uint64_t*>(va + offset) = value;
  }
  // Panics if the SMMU does not do it within some seconds: it is broken, and no input makes it so.
  void wait(std::uint64_t offset, std::uint32_t mask, std::uint32_t value) const noexcept;
};

// Aligned as the architecture wants: tables and queues to their size.
struct SmmuMemory {
  alignas(16384) std::array<core::smmu::StreamEntry, 1 << arm64::smmu::kSplit> entries;
  alignas(4096) std::array<std::uint64_t, 1 << (core::smmu::kMaxStreamBits - arm64::smmu::kSplit)> first_level;
  alignas(4096) std::array<std::array<core::smmu::Command, kQueueEntries>, kMaxOwnedSmmus> commands;
  alignas(4096) std::array<std::array<std::array<std::uint64_t, 4>, kQueueEntries>, kMaxOwnedSmmus> events;
};

// Boot fills both, before a second CPU runs.
struct Smmus {
  std::array<Smmu, kMaxOwnedSmmus> each{};
  unsigned count = 0;
};
extern Smmus smmus;
extern SmmuMemory smmu_memory;

// Appends a command for smmus.each[n]. Under core's lock, or at boot.
void smmu_command(unsigned n, const core::smmu::Command& command) noexcept;
// Returns when the commands are done.
void smmu_sync(unsigned n) noexcept;

// core::Machine's sync_devices; core's lock is held.
void smmu_forget(Pfn first, std::uint64_t pages) noexcept;

// Accesses of devices that were stopped since boot. Logs the first, second, fourth, ... of them. Under core's lock.
[[nodiscard]] auto smmu_stopped() noexcept -> std::uint64_t;

}  // namespace redoubt::hyp
