// SPDX-License-Identifier: Apache-2.0
// The one oracle of the image for debugging. All of it is under core's lock.
#include <span>

#include "abi/hypercall.h"
#include "hyp/core_state.hpp"
#include "hyp/log/log.hpp"
#include "hyp/log/panic.hpp"
#include "hyp/mm/window.hpp"
#include "hyp/oracle/watched_core.hpp"
#include "proofs/oracle/oracle.hpp"

namespace redoubt::hyp {
namespace {

constexpr std::uint64_t kBlocks = 16384;  // 32 GiB of RAM

constinit oracle::Oracle<WatchedMachine, kBlocks> ghost{};
constinit bool in_call = false;
constinit std::uint64_t fault = 0;  // RD_FAULT_*, done once

[[noreturn]] void report(std::string_view what) noexcept {
  log_without_lock();
  console_seize();
  log("oracle: {}", what);
  for (unsigned age = ghost.past_calls(); age-- > 0;) {
    static constinit oracle::Words line{};
    line.clear();
    const auto& [request, outcome] = ghost.past(age);
    line << request << " -> " << outcome;
    log("oracle: {} calls ago {}", age, line.text());
  }
  panic("core left its specification");
}

auto all_zero(Pfn first, std::uint64_t pages) noexcept -> bool {
  const Window window{first, pages};
  std::uint64_t bits = 0;
  for (const std::uint64_t word : std::span{reinterpret_cast<const std::uint64_t*>(window.va()), pages * 512}) {
    bits |= word;
  }
  return bits == 0;
}

auto planted(std::uint64_t which) noexcept -> bool {
  if (fault != which || !in_call) return false;
  fault = 0;
  return true;
}

}  // namespace

void oracle_begin(WatchedCore& core, const spec::Request& request) noexcept {
  ghost.begin(core, request);
  if (!ghost.good()) report(ghost.words());
  in_call = true;
}

void oracle_end(const spec::Outcome& outcome) noexcept {
  in_call = false;
  if (!ghost.end(outcome)) report(ghost.words());
}

void WatchedMachine::store(Pa at, arm64::Descriptor word) noexcept {
  // Only a guest's leaf is spoilt: a page that is not executable becomes so, or the other way round.
  const bool leaf = (word & 3) == 3 && (word >> 10 & 1) != 0;
  El2Machine::store(at, leaf && planted(RD_FAULT_EXECUTE_RIGHT) ? word ^ oracle::kExecuteNever : word);
}

void WatchedMachine::wipe(Pfn first, std::uint64_t pages) noexcept {
  if (!in_call) return El2Machine::wipe(first, pages);
  if (!ghost.may_wipe(first.value(), pages)) report(ghost.words());
  if (!planted(RD_FAULT_NO_WIPE)) El2Machine::wipe(first, pages);
  if (!all_zero(first, pages)) report("a page is not zero after it was wiped");
  ghost.wiped(first.value(), pages);
}

auto oracle_info(WatchedCore& core, std::uint64_t key) noexcept -> Result<std::uint64_t> {
  if (key == RD_INFO_JUDGED_CALLS) return ghost.calls();
  const std::uint64_t wanted = key - RD_INFO_PLANT_FAULT;
  if (wanted < RD_FAULT_NO_WIPE || wanted > RD_FAULT_LOST_PAGE) return Unexpected{Error::INVALID};
  fault = wanted;
  if (fault != RD_FAULT_LOST_PAGE) return fault;
  std::uint64_t at = core.pages.pages() - 1;
  while (!core.pages.at(core::PageIndex{at}).host_exclusive()) --at;
  core.pages.set(core::PageIndex{at}, core::PageEntry{}.with_borrows(1));
  return fault;
}

}  // namespace redoubt::hyp
