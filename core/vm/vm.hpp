// SPDX-License-Identifier: Apache-2.0
// One virtual machine as core sees it: its life, its pages, its tables. Register state is not here.
#pragma once

#include <array>
#include <cstdint>

#include "abi/hypercall.h"
#include "base/addr.hpp"
#include "core/pool/page_stack.hpp"

namespace redoubt::core {

// What the host holds: slot in bits [7:0], the slot's generation above. A handle of a destroyed VM never matches again.
using VmHandle = ::redoubt::detail::Quantity<struct VmHandleTag>;
using VcpuIndex = ::redoubt::detail::Quantity<struct VcpuIndexTag>;

enum class VmState : std::uint32_t {
  free = ~0U,  // the slot holds no VM
  building = RD_VM_STATE_BUILDING,
  runnable = RD_VM_STATE_RUNNABLE,
  stopped = RD_VM_STATE_STOPPED,  // the guest switched itself off: it cannot run again
  dead = RD_VM_STATE_DEAD,        // torn down: its TLB entries are gone, its pages can be taken back
};

struct Vcpu {
  Pfn state;  // EL2's page for the registers
  Pfn run;    // the host's run page, mapped by EL2 too
  bool exists = false;
  bool loaded = false;  // on some CPU now

  constexpr auto operator==(const Vcpu&) const noexcept -> bool = default;
};

struct Vm {
  VmState state = VmState::free;
  std::uint64_t generation = 1;
  std::uint32_t slot = 0;
  bool prot = false;  // protected: private memory, and the top half of the IPA space is the shared one
  bool rsi = false;
  unsigned ipa_bits = 0;
  Pa root;                         // RD_VM_ROOT_PAGES concatenated level-1 tables
  Pfn decoy;                       // what the host sees instead of a private page
  Gfn next_image;                  // MEM_DONATE_IMAGE must ascend
  std::uint64_t mapped_pages = 0;  // owned + borrowed
  std::uint32_t meta_pages = 0;    // pages EL2 holds for this VM
  std::uint32_t nr_vcpus = 0;
  std::uint32_t created_vcpus = 0;
  std::uint32_t loaded_vcpus = 0;
  PageStack pool;
  std::array<Vcpu, RD_MAX_VCPUS> vcpus{};

  [[nodiscard]] constexpr auto vmid() const noexcept -> Vmid { return Vmid{std::uint64_t{slot} + 1}; }
  [[nodiscard]] constexpr auto handle() const noexcept -> VmHandle { return VmHandle{generation << 8 | slot}; }
  // Guest frames that exist, and how many of them are private (all of those below; none for an ordinary VM).
  [[nodiscard]] constexpr auto frames() const noexcept -> std::uint64_t {
    return std::uint64_t{1} << (ipa_bits - kPageShift);
  }
  [[nodiscard]] constexpr auto private_frames() const noexcept -> std::uint64_t { return prot ? frames() / 2 : 0; }
  // May get memory, tables or a CPU.
  [[nodiscard]] constexpr auto alive() const noexcept -> bool {
    return state == VmState::building || state == VmState::runnable;
  }

  constexpr auto operator==(const Vm&) const noexcept -> bool = default;
};

}  // namespace redoubt::core
