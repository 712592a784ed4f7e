// SPDX-License-Identifier: Apache-2.0
// The smallest machine the real core runs on: a few pages, a journal to undo a call, and a wipe that can be seen.
// TLBs and barriers are the business of arch/host's automaton and do not exist here.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/machine.hpp"

namespace redoubt::explorer {

inline constexpr Pfn kFirstPage{0x200};
inline constexpr std::uint64_t kPages = 24;

struct TinyMemory {
  struct Undo {
    std::uint64_t index;
    std::uint64_t old;
  };

  std::array<std::uint64_t, kPages * 512> words{};
  std::vector<Undo> journal;
  std::uint32_t hyp_mapped = 0;  // bit per page
  int map_hyp_budget = -1;
  bool wild = false;  // an access outside the pages, or to one EL2 has not mapped

  void write(std::uint64_t index, std::uint64_t value) {
    if (words[index] == value) return;
    journal.push_back({index, words[index]});
    words[index] = value;
  }
  void undo() {
    for (; !journal.empty(); journal.pop_back()) words[journal.back().index] = journal.back().old;
  }
};

class TinyMachine final {
 public:
  TinyMachine() = default;
  explicit TinyMachine(TinyMemory& memory) : memory_(&memory) {}

  auto load(Pa pa) noexcept -> core::Descriptor { return checked(pa) ? memory_->words[index(pa)] : 0; }
  void store(Pa pa, core::Descriptor desc) noexcept {
    if (checked(pa)) memory_->write(index(pa), desc);
  }
  void dsb_ishst() noexcept {}
  void dsb_ish() noexcept {}
  void isb() noexcept {}
  void enter(Vmid, Pa) noexcept {}
  void leave() noexcept {}
  void tlbi_ipas2e1is(Ipa, core::Level) noexcept {}
  void tlbi_vmalle1is() noexcept {}
  void tlbi_vmalls12e1is() noexcept {}
  void tlbi_repeat() noexcept {}
  void wipe(Pfn first, std::uint64_t pages) noexcept {
    for (std::uint64_t i = 0; i < pages * 512; ++i) memory_->write(index(pa_of(first)) + i, 0);
  }
  void clean(Pfn, std::uint64_t) noexcept {}
  void sync_icache() noexcept {}
  void sync_devices(Pfn, std::uint64_t) noexcept {}
  auto map_hyp(Pfn pfn) noexcept -> Result<> {
    if (memory_->map_hyp_budget == 0) return Unexpected{Error::NO_MEMORY};
    if (memory_->map_hyp_budget > 0) --memory_->map_hyp_budget;
    memory_->hyp_mapped |= bit_of(pfn);
    return {};
  }
  void unmap_hyp(Pfn pfn) noexcept { memory_->hyp_mapped &= ~bit_of(pfn); }

 private:
  static auto bit_of(Pfn pfn) -> std::uint32_t { return 1U << (pfn.value() - kFirstPage.value()); }
  static auto index(Pa pa) -> std::uint64_t { return (pa.value() - pa_of(kFirstPage).value()) / 8; }
  auto checked(Pa pa) -> bool {
    const std::uint64_t page = pfn_of(pa).value() - kFirstPage.value();
    const bool fine = page < kPages && (memory_->hyp_mapped >> page & 1) != 0;
    memory_->wild = memory_->wild || !fine;
    return fine;
  }

  TinyMemory* memory_ = nullptr;
};

static_assert(core::Machine<TinyMachine>);

}  // namespace redoubt::explorer
