// SPDX-License-Identifier: Apache-2.0
// PSCI calls (Arm DEN0022) as a guest makes them.
#pragma once

#include <cstdint>

#include "arch/arm64/common/barrier.hpp"
#include "guest/sdk/machine.hpp"

namespace redoubt::guest::psci {

using arm64::Fid;
using arm64::PsciStatus;

// 32-bit and 64-bit forms extend negative results differently; the low word is the same.
[[nodiscard]] inline auto signed_result(const arm64::SmcccRegs& regs) noexcept -> std::int64_t {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(regs.x[0]));
}
[[nodiscard]] inline auto status_of(const arm64::SmcccRegs& regs) noexcept -> PsciStatus {
  return static_cast<PsciStatus>(signed_result(regs));
}

[[nodiscard]] inline auto version() noexcept -> std::uint32_t {
  return static_cast<std::uint32_t>(call(Fid::PSCI_VERSION).x[0]);
}
[[nodiscard]] inline auto features(Fid function) noexcept -> std::int64_t {
  return signed_result(call(Fid::PSCI_FEATURES, function));
}
[[nodiscard]] inline auto cpu_on(Mpidr target, Ipa entry, std::uint64_t context) noexcept -> PsciStatus {
  return status_of(call(Fid::PSCI_CPU_ON64, target.value, entry.value(), context));
}
// PsciAffinity, or a negative PsciStatus.
[[nodiscard]] inline auto affinity_info(Mpidr target, std::uint64_t level) noexcept -> std::int64_t {
  return signed_result(call(Fid::PSCI_AFFINITY_INFO64, target.value, level));
}
// Returns only if the CPU could not be turned off.
inline auto cpu_off() noexcept -> PsciStatus { return status_of(call(Fid::PSCI_CPU_OFF)); }

[[noreturn]] inline void system_off() noexcept {
  static_cast<void>(call(Fid::PSCI_SYSTEM_OFF));
  for (;;) arm64::wfi();
}

}  // namespace redoubt::guest::psci
