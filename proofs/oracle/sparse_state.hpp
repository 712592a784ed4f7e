// SPDX-License-Identifier: Apache-2.0
// A state for the specification that begins as what the real machine is now and keeps only what the specification looks at
// or writes. Everything looked at is remembered: afterwards it must be as the specification left it, written or not.
#pragma once

#include <array>
#include <cstdint>

#include "proofs/oracle/abstraction.hpp"
#include "proofs/oracle/sums.hpp"
#include "proofs/oracle/touch_map.hpp"

namespace redoubt::oracle {

struct TouchedPage {
  spec::Page before;
  spec::Page now;
  bool wiped = false;
};

struct TouchedCell {
  spec::Cell now;      // at the first frame it describes
  bool split = false;  // its 512 parts say what it says, unless they were touched themselves
};

struct TouchedVm {
  bool touched = false;
  spec::Vm before;
  spec::Vm now;
  std::uint32_t vcpus_touched = 0;  // bit per vCPU
  std::array<spec::Vcpu, RD_MAX_VCPUS> vcpus_before{};
  std::array<spec::Vcpu, RD_MAX_VCPUS> vcpus{};
  CellSums sums{};  // by how much the VM's sums change
};

template <core::Machine M>
class SparseState final {
 public:
  // The most that one call touches: a claim of 1023 frames with their aliases, which borrow 1023 pages.
  using Pages = TouchMap<TouchedPage, 12>;
  using Cells = TouchMap<TouchedCell, 13>;

  // Forgets the last call; what is read from now on is the state before the next.
  void begin(Abstraction<M>& real) noexcept {
    real_ = &real;
    pages_.clear();
    cells_.clear();
    for (TouchedVm& vm : vms_) {
      if (vm.touched) vm = TouchedVm{};
    }
  }

  [[nodiscard]] auto slots() const noexcept -> unsigned { return RD_MAX_VMS; }
  [[nodiscard]] auto max_ipa_bits() const noexcept -> unsigned { return real_->real().config.max_guest_ipa_bits; }
  [[nodiscard]] auto is_ram(std::uint64_t pfn) const noexcept -> bool { return real_->is_ram(pfn); }

  [[nodiscard]] auto page(std::uint64_t pfn) noexcept -> spec::Page { return touch(pfn).now; }
  void set_page(std::uint64_t pfn, const spec::Page& page) noexcept { touch(pfn).now = page; }

  [[nodiscard]] auto vm(unsigned slot) noexcept -> spec::Vm& {
    TouchedVm& vm = vms_[slot];
    if (!vm.touched) {
      vm.touched = true;
      vm.before = vm.now = real_->vm(slot);
    }
    return vm.now;
  }
  [[nodiscard]] auto vcpu(unsigned slot, std::uint64_t index) noexcept -> spec::Vcpu& {
    static_cast<void>(vm(slot));
    TouchedVm& vm = vms_[slot];
    if ((vm.vcpus_touched >> index & 1) == 0) {
      vm.vcpus_touched |= 1U << index;
      vm.vcpus_before[index] = vm.vcpus[index] = real_->vcpu(slot, index);
    }
    return vm.vcpus[index];
  }

  [[nodiscard]] auto cell(unsigned slot, std::uint64_t gfn) noexcept -> spec::Cell {
    spec::Cell known{};
    if (look_up(slot, gfn, known)) return known;
    known = real_->cell(slot, gfn);
    const std::uint64_t base = base_of(known.level, gfn);
    cells_.insert(key(slot, known.level, base), {moved(known, base - gfn), false});
    return known;
  }
  void set_cell(unsigned slot, std::uint64_t gfn, const spec::Cell& now) noexcept {
    CellSums& sums = vms_[slot].sums;
    sums.remove(gfn, cell(slot, gfn));
    sums.add(gfn, now);
    cells_.insert(key(slot, now.level, gfn), {now, false});
  }
  void split(unsigned slot, std::uint64_t gfn) noexcept {
    const spec::Cell whole = cell(slot, gfn);
    const std::uint64_t base = base_of(whole.level, gfn);
    const spec::Cell first = moved(whole, base - gfn);
    cells_.insert(key(slot, whole.level, base), {first, true});
    if (share_of(base, first) == 0) return;
    CellSums& sums = vms_[slot].sums;
    sums.remove(base, first);
    for (std::uint64_t i = 0; i < 512; ++i) {
      const std::uint64_t step = i * spec::span_of(whole.level + 1U);
      sums.add(base + step, part_of(first, step));
    }
  }

  // For who compares afterwards. A cell that was not touched is not looked up in the real machine then.
  [[nodiscard]] auto look_up(unsigned slot, std::uint64_t gfn, spec::Cell& found) noexcept -> bool {
    bool known = false;
    for (unsigned level = 1; level <= 3; ++level) {
      const std::uint64_t base = base_of(level, gfn);
      if (const TouchedCell* const entry = cells_.find(key(slot, level, base)); entry != nullptr) {
        found = entry->now;
        known = true;
        if (!entry->split) {
          found = moved(found, gfn - base);
          return true;
        }
        found = part_of(found, base_of(level + 1, gfn) - base);
      } else if (known) {
        found = moved(found, gfn - base);
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] auto pages() noexcept -> Pages& { return pages_; }
  [[nodiscard]] auto cells() noexcept -> Cells& { return cells_; }
  [[nodiscard]] auto touched_vm(unsigned slot) noexcept -> TouchedVm& { return vms_[slot]; }
  [[nodiscard]] auto overflowed() const noexcept -> bool { return pages_.overflowed() || cells_.overflowed(); }

  // A guest frame has at most 28 bits.
  static constexpr auto key(unsigned slot, unsigned level, std::uint64_t gfn) noexcept -> std::uint64_t {
    return std::uint64_t{slot} << 32 | std::uint64_t{level} << 28 | gfn;
  }
  static constexpr auto slot_of(std::uint64_t key) noexcept -> unsigned { return static_cast<unsigned>(key >> 32); }
  static constexpr auto gfn_of(std::uint64_t key) noexcept -> std::uint64_t { return key & 0xfff'ffff; }
  static constexpr auto part_of(spec::Cell whole, std::uint64_t step) noexcept -> spec::Cell {
    ++whole.level;
    return moved(whole, step);
  }

 private:
  static constexpr auto base_of(unsigned level, std::uint64_t gfn) noexcept -> std::uint64_t {
    return level > 3 ? gfn : gfn & ~(spec::span_of(level) - 1);
  }
  static constexpr auto moved(spec::Cell cell, std::uint64_t frames) noexcept -> spec::Cell {
    if (cell.mapped) cell.pfn += frames;
    return cell;
  }
  auto touch(std::uint64_t pfn) noexcept -> TouchedPage& {
    if (TouchedPage* const known = pages_.find(pfn); known != nullptr) return *known;
    const spec::Page page = real_->page(pfn);
    return pages_.insert(pfn, {page, page, false});
  }

  Abstraction<M>* real_ = nullptr;
  Pages pages_{};
  Cells cells_{};
  std::array<TouchedVm, RD_MAX_VMS> vms_{};
};

}  // namespace redoubt::oracle
