// SPDX-License-Identifier: Apache-2.0
// The one instance of core: every page's owner, every VM. `Locked core{core_state()};` is the only way in after boot.
#pragma once

#include "arch/arm64/el2/spinlock.hpp"
#include "base/guarded.hpp"
#include "core/core.hpp"
#include "hyp/mm/el2_machine.hpp"
#ifdef RD_ORACLE
#include "hyp/oracle/watched_calls.hpp"
#endif

namespace redoubt::hyp {

// The image for debugging (docs/debugging.md) watches every call.
#ifdef RD_ORACLE
using Core = WatchedCore;
inline constexpr std::uint64_t kImageFeatures = RD_FEATURE_DEBUG_IMAGE;
#else
using Core = core::Core<El2Machine>;
inline constexpr std::uint64_t kImageFeatures = 0;
#endif
using GuardedCore = Guarded<Core, arm64::SpinLock>;

[[nodiscard]] auto core_state() noexcept -> GuardedCore&;

// Before a second CPU runs.
[[nodiscard]] inline auto core_for_boot() noexcept -> Core& { return core_state().before_smp(); }

}  // namespace redoubt::hyp
