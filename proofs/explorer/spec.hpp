// SPDX-License-Identifier: Apache-2.0
// What the ownership calls mean, written without page tables: a page has a kind, a guest frame has a slot. Deliberately
// independent of core/: it shares only the numbers of abi/.
#pragma once

#include <array>
#include <cstdint>

#include "abi/error.h"
#include "abi/hypercall.h"

namespace redoubt::explorer {

inline constexpr unsigned kSpecPages = 24;
inline constexpr unsigned kSpecVms = 2;
inline constexpr unsigned kSpecVcpus = 2;
// Guest frames that are modelled: two at the bottom of each half of a 33-bit IPA space.
inline constexpr std::uint64_t kHalf = std::uint64_t{1} << 20;
inline constexpr std::uint64_t kFrames = 2 * kHalf;
inline constexpr unsigned kSlots = 4;
inline constexpr std::uint64_t kFirstFrame = 0x200;  // number of page 0
inline constexpr std::uint8_t kNone = 0xff;

enum class Kind : std::uint8_t { host, pinned, meta, guest };
enum class Life : std::uint8_t { free, building, runnable, stopped, dead };

struct SpecPage {
  Kind kind = Kind::host;
  std::uint8_t vm = 0;       // meta, guest
  std::uint8_t borrows = 0;  // host
  bool run = false;          // host: a run page
  bool decoy = false;        // guest: the host sees the VM's decoy there
  auto operator==(const SpecPage&) const -> bool = default;
};

struct SpecSlot {
  bool ram = false;
  bool mapped = false;
  bool owned = false;
  std::uint8_t page = 0;
  std::uint8_t prot = 0;  // RD_PROT_*, if mapped
  auto operator==(const SpecSlot&) const -> bool = default;
};

struct SpecVcpu {
  bool exists = false;
  bool loaded = false;
  std::uint8_t state = 0;
  std::uint8_t run = 0;
  auto operator==(const SpecVcpu&) const -> bool = default;
};

struct SpecVm {
  Life life = Life::free;
  bool prot = false;
  std::uint8_t nr_vcpus = 0;
  std::uint8_t pool = 0;                // table pages that wait
  std::array<std::uint8_t, 2> depth{};  // per half: tables on the way to the modelled frames, 0..2
  std::array<SpecSlot, kSlots> slots{};
  std::uint64_t next_image = 0;
  std::uint8_t mapped = 0;
  std::uint8_t meta = 0;
  std::array<SpecVcpu, kSpecVcpus> vcpus{};
  auto operator==(const SpecVm&) const -> bool = default;
};

struct SpecState {
  std::array<SpecPage, kSpecPages> pages{};
  std::array<SpecVm, kSpecVms> vms{};
  auto operator==(const SpecState&) const -> bool = default;
};

// What a call answers: status and up to two values.
struct Outcome {
  long status = 0;
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  auto operator==(const Outcome&) const -> bool = default;
};

enum class Call : std::uint8_t {
  create,
  topup,
  set_ram,
  finalise,
  stop,
  teardown,
  destroy,
  vcpu_create,
  vcpu_load,
  vcpu_put,
  donate,
  donate_image,
  share,
  unshare,
  reclaim,
  release,
  claim,
  ripas,
  page,
  host_fault,
};

// One call with all its arguments as raw numbers; `hyp_budget` is the environment's: map_hyp calls that succeed.
struct Request {
  Call call = Call::create;
  std::array<std::uint64_t, 5> x{};
  int hyp_budget = -1;
};

// Forgets what means nothing any more: the private pages and RIPAS of a dead VM, and its tables once nothing is mapped.
void normalise(SpecState& state);

// Changes `state` as the call must and answers what it must answer.
[[nodiscard]] auto spec_call(SpecState& state, const Request& request) -> Outcome;

}  // namespace redoubt::explorer
