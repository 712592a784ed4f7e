// SPDX-License-Identifier: Apache-2.0
// The state of the specification, read from a real core: PageDb's words and walks of its own through the real tables.
// It changes nothing and needs core's lock. What contradicts itself comes out as `torn`.
#pragma once

#include <cstdint>

#include "core/core.hpp"
#include "proofs/oracle/descriptors.hpp"

namespace redoubt::oracle {

[[nodiscard]] inline auto life_of(core::VmState state) noexcept -> spec::Life {
  switch (state) {
    case core::VmState::building: return spec::Life::building;
    case core::VmState::runnable: return spec::Life::runnable;
    case core::VmState::stopped: return spec::Life::stopped;
    case core::VmState::dead: return spec::Life::dead;
    default: return spec::Life::free;
  }
}

template <core::Machine M>
class Abstraction final {
 public:
  constexpr Abstraction() noexcept = default;
  explicit Abstraction(core::Core<M>& core) noexcept : core_(&core) {}

  [[nodiscard]] auto is_ram(std::uint64_t pfn) const noexcept -> bool { return word_of(pfn) != nullptr; }

  // RAM only.
  [[nodiscard]] auto page(std::uint64_t pfn) noexcept -> spec::Page {
    spec::Page page = page_of_word(word_of(pfn)->word());
    const Entry seen = host_entry(pfn);
    std::uint64_t expected = 0;
    const std::uint64_t memory = host_memory(core_->host.fwb);
    constexpr std::uint64_t kReadWrite = 3U << 6;
    if (page.kind == spec::Kind::host) {
      const std::uint64_t first = pfn & ~(spec::span_of(seen.level) - 1);
      expected = leaf(first, seen.level, memory, kReadWrite);
    } else if (page.decoy && page.vm < RD_MAX_VMS) {
      expected = leaf(core_->vms.at(page.vm).decoy.value(), 3, memory, kReadWrite | kExecuteNever);
    }
    page.torn = page.torn || seen.desc != expected || seen.level < 2 || seen.wild;
    return page;
  }

  // Does a block of exclusively host-owned pages begin here, shown by one entry? Most of RAM is like that.
  [[nodiscard]] auto wholly_the_hosts(std::uint64_t pfn) noexcept -> bool {
    const core::PageEntry* const words = word_of(pfn);
    if (pfn % spec::kBlock != 0 || words == nullptr) return false;
    if (word_of(pfn + spec::kBlock - 1) != words + spec::kBlock - 1) return false;  // no hole in between
    const Entry seen = host_entry(pfn);
    if (seen.wild || seen.level != 2 || seen.desc != leaf(pfn, 2, host_memory(core_->host.fwb), 3U << 6)) return false;
    std::uint32_t bits = 0;
    for (std::uint64_t i = 0; i < spec::kBlock; ++i) bits |= words[i].word();
    return bits == 0;
  }

  // Does the host's stage 2 show the page at its own address?
  [[nodiscard]] auto host_reaches(std::uint64_t pfn) noexcept -> bool {
    const Entry seen = host_entry(pfn);
    const std::uint64_t first = pfn & ~(spec::span_of(seen.level) - 1);
    return (seen.desc & 1) != 0 && output_pfn(seen.desc) == first;
  }

  [[nodiscard]] auto vm(unsigned slot) const noexcept -> spec::Vm {
    const core::Vm& vm = core_->vms.at(slot);
    if (vm.state == core::VmState::free) return spec::Vm{.generation = vm.generation};
    return spec::Vm{.life = life_of(vm.state),
                    .prot = vm.prot,
                    .rsi = vm.rsi,
                    .ipa_bits = static_cast<std::uint8_t>(vm.ipa_bits),
                    .nr_vcpus = static_cast<std::uint8_t>(vm.nr_vcpus),
                    .pool = vm.pool.size(),
                    .meta = vm.meta_pages,
                    .mapped = vm.mapped_pages,
                    .next_image = vm.next_image.value(),
                    .root = pfn_of(vm.root).value(),
                    .decoy = vm.decoy.value(),
                    .generation = vm.generation};
  }
  [[nodiscard]] auto vcpu(unsigned slot, std::uint64_t index) const noexcept -> spec::Vcpu {
    const core::Vcpu& vcpu = core_->vms.at(slot).vcpus[index];
    if (!vcpu.exists) return {};
    return spec::Vcpu{true, vcpu.loaded, vcpu.state.value(), vcpu.run.value()};
  }

  [[nodiscard]] auto cell(unsigned slot, std::uint64_t gfn) const noexcept -> spec::Cell {
    const core::Vm& vm = core_->vms.at(slot);
    const bool dead = vm.state == core::VmState::dead;
    if (vm.state == core::VmState::free || (dead && vm.mapped_pages == 0)) return {};
    Entry at{1, 0, false};
    for (std::uint64_t table = vm.root.value(), index = gfn >> 18;; ++at.level) {
      at.desc = table_word(table, index, meta_word(slot), at.wild);
      if (at.wild || !is_table(at.desc, at.level)) break;
      table = at.desc & kAddressBits;
      index = gfn >> 9 * (2 - at.level) & 511;
    }
    spec::Cell cell = cell_of(at.desc, at.level, guest_memory(core_->config.guest_fwb));
    cell.torn = cell.torn || at.wild || (cell.mapped && at.level == 1);
    if (dead && (!cell.mapped || cell.owned)) return {.level = cell.level};
    if (cell.mapped) cell.pfn += gfn & (spec::span_of(cell.level) - 1);
    return cell;
  }

  // One word of a table that has to lie in a page of EL2 with this word in PageDb; `wild` if it does not.
  [[nodiscard]] auto table_word(std::uint64_t table, std::uint64_t index, std::uint32_t owner,
                                bool& wild) const noexcept -> std::uint64_t {
    const std::uint64_t at = table + index * 8;
    const core::PageEntry* const entry = word_of(at >> 12);
    wild = entry == nullptr || entry->word() != owner;
    return wild ? 0 : core_->machine.load(Pa{at});
  }
  [[nodiscard]] static constexpr auto meta_word(unsigned slot) noexcept -> std::uint32_t { return 1 | slot << 2; }

  // To be called when the tables may have changed: the host's entry of the last block is remembered between pages.
  void forget() noexcept { known_ = false; }
  [[nodiscard]] auto real() const noexcept -> core::Core<M>& { return *core_; }

 private:
  struct Entry {
    unsigned level = 0;
    std::uint64_t desc = 0;
    bool wild = false;
  };
  static constexpr std::uint32_t kPinnedWord = 1 | 1U << 10;

  [[nodiscard]] auto word_of(std::uint64_t pfn) const noexcept -> const core::PageEntry* {
    for (const auto& region : core_->pages.regions()) {
      const std::uint64_t offset = pfn - region.first.value();
      if (offset < region.count) return &core_->pages.run(core::PageIndex{region.index_base + offset}, 1)[0];
    }
    return nullptr;
  }

  // Where the host's walk for this page ends.
  [[nodiscard]] auto host_entry(std::uint64_t pfn) noexcept -> Entry {
    if (!known_ || block_ != pfn >> 9) {
      block_entry_ = host_block_entry(pfn);
      block_ = pfn >> 9;
      known_ = true;
    }
    if (!is_table(block_entry_.desc, 2) || block_entry_.level != 2) return block_entry_;
    Entry at{3, 0, false};
    at.desc = table_word(block_entry_.desc & kAddressBits, pfn & 511, kPinnedWord, at.wild);
    return at;
  }
  [[nodiscard]] auto host_block_entry(std::uint64_t pfn) const noexcept -> Entry {
    const unsigned start = core_->host.geometry.ipa_bits > 43 ? 0 : 1;
    Entry at{start, 0, false};
    std::uint64_t table = core_->host.root.value();
    for (std::uint64_t index = pfn >> 9 * (3 - start);; ++at.level) {
      at.desc = table_word(table, index, kPinnedWord, at.wild);
      if (at.wild || at.level == 2 || !is_table(at.desc, at.level)) return at;
      table = at.desc & kAddressBits;
      index = pfn >> 9 * (2 - at.level) & 511;
    }
  }

  core::Core<M>* core_ = nullptr;
  std::uint64_t block_ = 0;
  Entry block_entry_{};
  bool known_ = false;
};

}  // namespace redoubt::oracle
