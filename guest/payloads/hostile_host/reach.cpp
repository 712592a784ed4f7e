// SPDX-License-Identifier: Apache-2.0
// What the host can reach, tried out: every frame of RAM is read, written and jumped to, and an abort must come exactly
// where a page is not the host's. Guest pages show their decoy through the kernel's half of the address space.
#include "abi/error.h"
#include "arch/arm64/common/cache.hpp"
#include "arch/arm64/common/sysreg_access.hpp"
#include "base/addr.hpp"
#include "base/bits.hpp"
#include "guest/payloads/hostile_host/hostile.hpp"
#include "guest/sdk/exceptions.hpp"
#include "guest/sdk/machine.hpp"
#include "guest/sdk/translation.hpp"

extern "C" const std::byte __bss_end[];

namespace redoubt::guest {
namespace {

constinit Arena the_arena{};
constexpr std::uint64_t kKernelHalf = 0xffff'0000'0000'0000;
constexpr std::uint32_t kRet = 0xd65f'03c0;

auto word_at(std::uint64_t address) noexcept -> volatile std::uint64_t* {
  return reinterpret_cast<volatile std::uint64_t*>(address);
}
auto read_aborts(std::uint64_t address) noexcept -> bool {
  return expecting_abort([=] { static_cast<void>(*word_at(address)); }).count != 0;
}
auto write_aborts(std::uint64_t address) noexcept -> bool {
  return expecting_abort([=] { *word_at(address) = address; }).count != 0;
}
auto jump_aborts(std::uint64_t address) noexcept -> bool {
  return expecting_abort([=] { reinterpret_cast<void (*)()>(address)(); }).count != 0;
}

// The same tables for the upper half: T1SZ 16, write-back walks, inner shareable, 4 KiB.
void open_kernel_half() noexcept {
  RD_WRITE_SYSREG(TTBR1_EL1, translation_root());
  const std::uint64_t tcr = RD_READ_SYSREG(TCR_EL1) & ~bit(23);
  RD_WRITE_SYSREG(TCR_EL1, tcr | std::uint64_t{0xb510} << 16);
  arm64::isb();
}

struct Tally {
  std::uint64_t closed = 0;  // frames that cannot be read
  std::uint64_t wrong = 0;   // reachable in one way and not in another
};

void try_frame(std::uint64_t pfn, Tally& tally) noexcept {
  const std::uint64_t address = pfn << kPageShift;
  const bool ours = pfn - the_arena.first < kArenaPages;
  if (read_aborts(address)) {
    ++tally.closed;
    tally.wrong += write_aborts(address) && jump_aborts(address) ? 0 : 1;
    return;
  }
  if (!ours) return;
  tally.wrong += write_aborts(address) || *word_at(address) != address ? 1 : 0;
  if (pfn % 16 != 0) return;
  *reinterpret_cast<volatile std::uint32_t*>(address) = kRet;
  arm64::sync_instructions(reinterpret_cast<void*>(address), 4);
  tally.wrong += jump_aborts(address) ? 1 : 0;
}

// A page that EL2 says is exclusively the host's can be read; a guest's shows zeros where the kernel sees it.
void try_answers(Report& report) noexcept {
  std::uint64_t wrong = 0;
  std::uint64_t decoys = 0;
  for (std::uint64_t pfn = the_arena.first; pfn < the_arena.first + kArenaPages; ++pfn) {
    const bool exclusive = hypercall(RD_CALL_LOG_READ, pfn, 0).status == 0;
    const bool closed = read_aborts(pfn << kPageShift);
    if (exclusive && closed) ++wrong;
    const std::uint64_t alias = kKernelHalf | pfn << kPageShift;
    if (!closed || read_aborts(alias)) continue;
    ++decoys;
    if (*word_at(alias) != 0) ++wrong;
  }
  report.equal(wrong, 0, "what EL2 answers about a page is what can be reached");
  print("{} pages behind decoys\n", decoys);
  report.check(decoys <= info(RD_INFO_PAGES_GUEST), "only guests' pages show decoys");
}

}  // namespace

auto arena() noexcept -> const Arena& { return the_arena; }

void find_arena(Report& report) noexcept {
  open_kernel_half();
  const std::uint64_t first = machine().ram_base.value() >> kPageShift;
  const std::uint64_t pages = argument("ram", 128) << (20 - kPageShift);  // the tree names only what is the host's
  std::uint64_t run = 0;
  const std::uint64_t own_end = reinterpret_cast<std::uintptr_t>(__bss_end) >> kPageShift;
  const std::uint64_t tree = reinterpret_cast<std::uintptr_t>(machine().device_tree) >> kPageShift;
  the_arena.ram_first = first;
  the_arena.ram_pages = pages;
  for (std::uint64_t pfn = first; pfn < first + pages; ++pfn) {
    if (read_aborts(pfn << kPageShift)) {
      if (the_arena.closed_pages++ == 0) the_arena.closed = pfn;
      if (pfn == the_arena.closed + the_arena.closed_run) ++the_arena.closed_run;
      run = 0;
    } else if (pfn > own_end && pfn - tree > 512 && (run != 0 || pfn % 512 == 0)) {
      if (++run == kArenaPages && the_arena.first == 0) the_arena.first = pfn + 1 - kArenaPages;
    } else {
      run = 0;
    }
  }
  for (std::uint64_t i = 0; i < kArenaPages; ++i) *word_at((the_arena.first + i) << kPageShift) = ~i;
  print("arena {x}, EL2 at {x}+{}\n", the_arena.first, the_arena.closed, the_arena.closed_pages);
  report.check(the_arena.first != 0 && the_arena.closed_pages != 0, "there is free RAM, and RAM that is EL2's");
}

void try_every_frame(Report& report, const char* when) noexcept {
  print("{}: ", when);
  const std::uint64_t given = info(RD_INFO_PAGES_HYP) + info(RD_INFO_PAGES_GUEST);
  Tally tally;
  for (std::uint64_t i = 0; i < the_arena.ram_pages; ++i) try_frame(the_arena.ram_first + i, tally);
  print("{} of {} frames closed, {} given away\n", tally.closed, the_arena.ram_pages, given);
  report.equal(tally.closed, the_arena.closed_pages + given, "exactly the pages that are not the host's are closed");
  report.equal(tally.wrong, 0, "reads, writes and jumps agree");
  try_answers(report);
  Tally beyond;
  const std::uint64_t end = the_arena.ram_first + the_arena.ram_pages;
  for (std::uint64_t pfn = end; pfn < 0x100000; pfn += 509) try_frame(pfn, beyond);
  report.equal(beyond.closed, (0x100000 - end + 508) / 509, "nothing is behind the end of RAM");
}

}  // namespace redoubt::guest
