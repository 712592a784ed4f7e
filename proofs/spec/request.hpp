// SPDX-License-Identifier: Apache-2.0
// One entry into core, and what it answers, as raw numbers.
#pragma once

#include <array>
#include <cstdint>

namespace redoubt::spec {

// The arguments x[0..4] of each.
enum class Call : std::uint8_t {
  create,        // flags, IPA bits, first root page, decoy page, most vCPUs -> handle
  topup,         // VM, page -> pages in the pool
  set_ram,       // VM, first frame, frames -> frames done
  finalise,      // VM
  stop,          // VM
  teardown,      // VM
  destroy,       // VM
  vcpu_create,   // VM, index, state page, run page
  vcpu_load,     // VM, index -> state page, run page
  vcpu_put,      // VM, index
  donate,        // VM, frame, page, pages
  donate_image,  // VM, frame, page
  share,         // VM, frame, page, pages, RD_PROT_*
  unshare,       // VM, frame, frames -> pages that were mapped
  reclaim,       // page, pages -> pages done
  release,       // VM, first frame, end -> frame reached, tables missing to go on
  claim,         // VM, first frame, end, DESTROYED may go -> as release
  ripas,         // VM, first frame, end -> end of the run, its RIPAS
  page,          // VM, frame -> kFrame* bits, page << 3 | RD_PROT_*
  host_fault,    // page -> Fault
};
inline constexpr unsigned kCalls = static_cast<unsigned>(Call::host_fault) + 1;

// Answer of Call::page.
inline constexpr std::uint64_t kFrameRam = 1;
inline constexpr std::uint64_t kFrameMapped = 2;
inline constexpr std::uint64_t kFrameOwned = 4;

// Answer of Call::host_fault: the host accessed the page through its kernel's own mapping and its stage 2 refused.
enum class Fault : std::uint64_t { inject, decoy, spurious };

// `hyp_budget` is the environment's: how many pages EL2 can still map for itself, negative for any number.
struct Request {
  Call call = Call::create;
  std::array<std::uint64_t, 5> x{};
  int hyp_budget = -1;
};

// 0 or a number of abi/error.h, and up to two values.
struct Outcome {
  long status = 0;
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  auto operator==(const Outcome&) const noexcept -> bool = default;
};

}  // namespace redoubt::spec
