// SPDX-License-Identifier: Apache-2.0
// The abstract state: what a page is, what a guest frame shows, what a VM is. No page tables, no pointers, no core/.
#pragma once

#include <concepts>
#include <cstdint>

#include "abi/hypercall.h"

namespace redoubt::spec {

enum class Kind : std::uint8_t {
  host,
  pinned,  // EL2's own, for ever
  meta,    // EL2's, for the VM: tables, decoy, vCPU state
  guest,   // private memory of the VM
};

// One page of RAM. What the host's stage 2 shows at its address follows from it: host: the page itself, all rights, memory
// type chosen by the host's stage 1; guest with decoy: the VM's decoy page, never executable; everything else: nothing.
struct Page {
  Kind kind = Kind::host;
  std::uint8_t vm = 0;        // meta, guest: slot of the VM
  std::uint16_t borrows = 0;  // host: guest mappings of it
  bool run = false;           // host: a run page, which EL2 maps too
  bool decoy = false;         // guest: the host sees the VM's decoy there
  bool torn = false;          // the tables contradict all this: no call makes such a page
  auto operator==(const Page&) const noexcept -> bool = default;
};

// RSI's encoding. A private frame that is mapped is RAM.
enum class Ripas : std::uint8_t { empty = 0, ram = 1, destroyed = 2 };

// Guest frames that are described together: 512 * 512 (level 1), 512 (level 2) or one (level 3) of them.
struct Cell {
  std::uint8_t level = 1;
  Ripas ripas = Ripas::empty;
  bool mapped = false;
  bool owned = false;     // mapped: a private page, otherwise one borrowed from the host
  std::uint8_t prot = 0;  // mapped: RD_PROT_*
  bool torn = false;      // memory type, shareability or another bit that no call writes
  std::uint64_t pfn = 0;  // mapped: the page at the frame that was asked for
  auto operator==(const Cell&) const noexcept -> bool = default;
};

enum class Life : std::uint8_t { free, building, runnable, stopped, dead };

// A VM of slot n runs under VMID n + 1; VMID 0 is the host.
struct Vm {
  Life life = Life::free;
  bool prot = false;
  bool rsi = false;
  std::uint8_t ipa_bits = 0;
  std::uint8_t nr_vcpus = 0;
  std::uint32_t pool = 0;        // table pages that wait
  std::uint32_t meta = 0;        // pages EL2 holds for it
  std::uint64_t mapped = 0;      // frames that map a page, owned or borrowed
  std::uint64_t next_image = 0;  // first frame that MEM_DONATE_IMAGE accepts
  std::uint64_t root = 0;        // page numbers
  std::uint64_t decoy = 0;
  std::uint64_t generation = 1;  // of the slot: handles of earlier VMs name nothing
  auto operator==(const Vm&) const noexcept -> bool = default;

  [[nodiscard]] constexpr auto frames() const noexcept -> std::uint64_t { return std::uint64_t{1} << (ipa_bits - 12); }
  // Frames below are private, frames from here on are shared with the host.
  [[nodiscard]] constexpr auto private_frames() const noexcept -> std::uint64_t { return prot ? frames() / 2 : 0; }
};

struct Vcpu {
  bool exists = false;
  bool loaded = false;
  std::uint64_t state = 0;  // page numbers
  std::uint64_t run = 0;
  auto operator==(const Vcpu&) const noexcept -> bool = default;
};

// What a specification acts on. Whoever uses it decides how much of the world it holds and how.
//   slots()                  VMs that can exist
//   is_ram(pfn)              any 64-bit number may be asked for
//   page(pfn) / set_page     RAM only
//   vm(slot), vcpu(slot, i)  references to change
//   cell(slot, gfn)          the cell that describes guest frame gfn < frames(). Of a dead VM only what it borrows is left;
//                            of one that maps nothing, nothing
//   set_cell(slot, gfn, c)   replaces the cell of that level that begins at gfn
//   split(slot, gfn)         the cell that describes gfn becomes 512 of the next level that say the same
template <class S>
concept State = requires(S& s, std::uint64_t n, unsigned slot, const Page& page, const Cell& cell) {
  { s.slots() } noexcept -> std::same_as<unsigned>;
  { s.max_ipa_bits() } noexcept -> std::same_as<unsigned>;
  { s.is_ram(n) } noexcept -> std::same_as<bool>;
  { s.page(n) } noexcept -> std::same_as<Page>;
  { s.set_page(n, page) } noexcept;
  { s.vm(slot) } noexcept -> std::same_as<Vm&>;
  { s.vcpu(slot, n) } noexcept -> std::same_as<Vcpu&>;
  { s.cell(slot, n) } noexcept -> std::same_as<Cell>;
  { s.set_cell(slot, n, cell) } noexcept;
  { s.split(slot, n) } noexcept;
};

}  // namespace redoubt::spec
