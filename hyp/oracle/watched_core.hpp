// SPDX-License-Identifier: Apache-2.0
// Core in the image for debugging (RD_ORACLE; docs/debugging.md): a type of its own, so that the overloads of
// watched_calls.hpp are chosen for it wherever hyp calls core. The shipped image has neither this type nor a hook.
#pragma once

#include "core/core.hpp"
#include "hyp/mm/el2_machine.hpp"
#include "proofs/spec/request.hpp"

namespace redoubt::hyp {

// Looks at what core's wipes do, and can be told to do one thing wrong.
struct WatchedMachine : El2Machine {
  void store(Pa at, arm64::Descriptor word) noexcept;
  void wipe(Pfn first, std::uint64_t pages) noexcept;
};

struct WatchedCore : core::Core<WatchedMachine> {};

// Before and after each call that acts on core, under its lock. A finding is printed with the last calls; then EL2 panics.
void oracle_begin(WatchedCore& core, const spec::Request& request) noexcept;
void oracle_end(const spec::Outcome& outcome) noexcept;

// RD_INFO keys that only this image knows: RD_INFO_JUDGED_CALLS, RD_INFO_PLANT_FAULT + n. INVALID for others.
[[nodiscard]] auto oracle_info(WatchedCore& core, std::uint64_t key) noexcept -> Result<std::uint64_t>;

}  // namespace redoubt::hyp
