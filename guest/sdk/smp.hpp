// SPDX-License-Identifier: Apache-2.0
// Running a function on another CPU, through PSCI CPU_ON.
#pragma once

#include <cstdint>

#include "arch/arm64_defs/smccc.hpp"
#include "base/addr.hpp"

namespace redoubt::guest {

// Runs there with translation on and IRQs masked; when it returns the CPU is turned off.
using CpuFunction = void (*)(unsigned index) noexcept;

// `index` is a position in machine().cpus, not that of the caller. The status is PSCI's.
[[nodiscard]] auto start_cpu(unsigned index, CpuFunction function) noexcept -> arm64::PsciStatus;

// Polls AFFINITY_INFO until the CPU is off; false after about `milliseconds`.
[[nodiscard]] auto wait_until_off(unsigned index, std::uint64_t milliseconds) noexcept -> bool;

// Where a started CPU enters: for calling CPU_ON by hand with arguments that must be refused.
[[nodiscard]] auto secondary_entry_address() noexcept -> Ipa;

}  // namespace redoubt::guest
