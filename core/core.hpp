// SPDX-License-Identifier: Apache-2.0
// The state that the ownership calls act on. One lock guards all of it: hyp keeps it in a Guarded<Core<M>, Lock>.
//
// Calls (core/ownership, core/vm) take Core<M>& as first argument: holding the reference is the evidence of the lock.
// All numbers in their arguments are untrusted, whatever their type; each call validates what it is given, checks
// everything, then commits: an error means that nothing changed.
#pragma once

#include <cstdint>
#include <utility>

#include "core/machine.hpp"
#include "core/pages/page_db.hpp"
#include "core/stage2/host_tables.hpp"
#include "core/vm/vm_table.hpp"

namespace redoubt::core {

struct CoreConfig {
  unsigned max_guest_ipa_bits = RD_MAX_IPA_BITS;  // min(RD_MAX_IPA_BITS, ID_AA64MMFR0_EL1.PARange)
  bool guest_fwb = false;                         // HCR_EL2.FWB while a guest runs
};

// Sums over all pages, kept by each call, for RD_INFO_*.
struct Counters {
  std::uint64_t vms = 0;
  std::uint64_t hyp_pages = 0;       // donated to EL2
  std::uint64_t guest_pages = 0;     // owned by guests
  std::uint64_t borrowed_pages = 0;  // guest mappings of host pages
  std::uint64_t decoys = 0;          // decoy mappings made since boot

  constexpr auto operator==(const Counters&) const noexcept -> bool = default;
};

template <Machine M>
struct Core {
  [[no_unique_address]] M machine{};
  PageDb pages{};
  HostTables host{};
  VmTable vms{};
  CoreConfig config{};
  Counters counters{};
};

}  // namespace redoubt::core
