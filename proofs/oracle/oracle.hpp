// SPDX-License-Identifier: Apache-2.0
// The ghost oracle: follows a real core call by call and says, in words, where it leaves the specification.
//
//   oracle.begin(core, request);          // under core's lock, before the call
//   const auto result = mem_donate(...);  // oracle.wiped() from the machine's wipe
//   if (!oracle.end(outcome)) ...         // oracle.words(), oracle.last_calls()
//
// It carries the abstract state along as a fingerprint that only the specification changes, and every kSurveyEvery calls
// compares it with the whole machine: a change that no call made is found then.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "proofs/oracle/sparse_state.hpp"
#include "proofs/oracle/survey.hpp"
#include "proofs/spec/spec.hpp"

namespace redoubt::oracle {

inline constexpr unsigned kSurveyEvery = 1024;
inline constexpr unsigned kLastCalls = 64;

struct PastCall {
  spec::Request request;
  spec::Outcome outcome;
};

// kBlocks: blocks of 2 MiB that RAM may have.
template <core::Machine M, std::uint64_t kBlocks>
class Oracle final {
 public:
  // The first call takes the state of the machine as given, if it does not contradict itself.
  void begin(core::Core<M>& core, const spec::Request& request) noexcept {
    real_ = Abstraction<M>{core};
    words_.clear();
    good_ = true;
    if (calls_++ % kSurveyEvery == 0) static_cast<void>(survey());
    request_ = request;
    state_.begin(real_);
    expected_ = spec::run(state_, request);
    check_vms_before();
  }

  // The machine is about to zero these pages: nobody but EL2 may reach them, or what is written later would survive.
  [[nodiscard]] auto may_wipe(std::uint64_t first, std::uint64_t pages) noexcept -> bool {
    real_.forget();
    for (std::uint64_t i = 0; i < pages; ++i) {
      if (real_.host_reaches(first + i)) complain() << "page " << first + i << " is wiped while the host can reach it";
    }
    return good_;
  }
  // The machine zeroed these pages.
  void wiped(std::uint64_t first, std::uint64_t pages) noexcept {
    for (std::uint64_t i = 0; i < pages; ++i) {
      TouchedPage* const page = state_.pages().find(first + i);
      if (page == nullptr) {
        complain() << "page " << first + i << " was wiped; the call has nothing to do with it";
        return;
      }
      page->wiped = true;
    }
  }

  // False: the call did not do what the specification says.
  [[nodiscard]] auto end(const spec::Outcome& got) noexcept -> bool {
    last_[ended_++ % kLastCalls] = PastCall{request_, got};
    const bool no_memory =
        got.status == RD_E_NO_MEMORY && spec::may_lack_memory(request_.call) && expected_.status == 0;
    real_.forget();
    if (state_.overflowed()) complain() << "the call touches more than the oracle can hold";
    if (got != expected_ && !no_memory) complain() << "the answer is " << got << ", specified is " << expected_;
    check_pages(no_memory);
    check_vms(no_memory);
    check_cells();
    if (good_ && !no_memory) carry();
    return good_;
  }

  // The whole machine now, as begin() looks at it every kSurveyEvery calls.
  [[nodiscard]] auto survey() noexcept -> bool {
    const std::uint64_t blocks = real_.real().pages.blocks();
    if (blocks > kBlocks) complain() << "more RAM than the oracle can follow";
    if (good_) good_ = survey_.run(std::span{fresh_}.first(blocks));
    if (good_ && known_) compare(blocks);
    if (good_ && !known_) adopt(blocks);
    ++surveys_;
    return good_;
  }

  [[nodiscard]] auto good() const noexcept -> bool { return good_; }
  [[nodiscard]] auto words() const noexcept -> std::string_view { return words_.text(); }
  [[nodiscard]] auto calls() const noexcept -> std::uint64_t { return calls_; }
  [[nodiscard]] auto surveys() const noexcept -> std::uint64_t { return surveys_; }
  // How many of the calls that ended are remembered; age 0 is the last.
  [[nodiscard]] auto past_calls() const noexcept -> unsigned {
    return ended_ < kLastCalls ? static_cast<unsigned>(ended_) : kLastCalls;
  }
  [[nodiscard]] auto past(unsigned age) const noexcept -> const PastCall& {
    return last_[(ended_ - 1 - age) % kLastCalls];
  }

 private:
  struct Ghost {
    spec::Vm vm{};
    std::array<spec::Vcpu, RD_MAX_VCPUS> vcpus{};
    CellSums sums{};
  };

  // The first complaint stands; what follows from it is lost.
  auto complain() noexcept -> Words& {
    lost_.clear();
    return std::exchange(good_, false) ? words_ : lost_;
  }

  // --- after a call ---
  // A page whose kind changed is another's now: it was wiped, unless its content is the image.
  void check_pages(bool undone) noexcept {
    for (unsigned n = 0; n < state_.pages().size(); ++n) {
      const auto& [pfn, epoch, page] = state_.pages().at(n);
      const spec::Page wanted = undone ? page.before : page.now;
      const spec::Page found = real_.page(pfn);
      if (found != wanted) complain() << "page " << pfn << " is " << found << "; specified is " << wanted;
      const bool moved = page.before.kind != wanted.kind && request_.call != spec::Call::donate_image;
      if (moved && !page.wiped) complain() << "page " << pfn << " changed hands and was not wiped: " << found;
      if (!moved && page.wiped) complain() << "page " << pfn << " was wiped and did not change hands: " << found;
    }
  }
  void check_vms(bool undone) noexcept {
    for (unsigned slot = 0; slot < RD_MAX_VMS; ++slot) {
      const TouchedVm& vm = state_.touched_vm(slot);
      if (!vm.touched) continue;
      const spec::Vm& wanted = undone ? vm.before : vm.now;
      if (const spec::Vm found = real_.vm(slot); found != wanted) {
        complain() << "VM " << slot << " is " << found << "; specified is " << wanted;
      }
      for (unsigned i = 0; i < RD_MAX_VCPUS; ++i) {
        if ((vm.vcpus_touched >> i & 1) == 0) continue;
        const spec::Vcpu& want = undone ? vm.vcpus_before[i] : vm.vcpus[i];
        const spec::Vcpu found = real_.vcpu(slot, i);
        if (found != want)
          complain() << "vCPU " << i << " of VM " << slot << " is " << found << "; specified is " << want;
      }
    }
  }
  void check_cells() noexcept {
    for (unsigned n = 0; n < state_.cells().size(); ++n) {
      const auto& [key, epoch, cell] = state_.cells().at(n);
      const unsigned slot = state_.slot_of(key);
      const spec::Vm& vm = state_.touched_vm(slot).now;
      if (vm.life == spec::Life::dead && vm.mapped == 0) continue;  // its tables mean nothing any more
      const std::uint64_t gfn = state_.gfn_of(key);
      if (!cell.split) {
        check_cell(slot, gfn, cell.now);
        continue;
      }
      const std::uint64_t span = spec::span_of(cell.now.level + 1U);
      for (std::uint64_t i = 0; i < 512; ++i) {
        spec::Cell part{};
        const bool known = state_.look_up(slot, gfn + i * span, part);
        if (known && part.level == cell.now.level + 1U) check_cell(slot, gfn + i * span, part);
      }
    }
  }
  void check_cell(unsigned slot, std::uint64_t gfn, const spec::Cell& wanted) noexcept {
    const spec::Cell found = real_.cell(slot, gfn);
    if (found == wanted) return;
    complain() << "frame " << gfn << " of VM " << slot << ": " << found << "; specified is " << wanted;
  }

  // --- what is carried along ---
  void check_vms_before() noexcept {
    for (unsigned slot = 0; slot < RD_MAX_VMS; ++slot) {
      const TouchedVm& vm = state_.touched_vm(slot);
      if (!vm.touched || !good_) continue;
      if (vm.before != ghosts_[slot].vm) {
        complain() << "between two calls VM " << slot << " became " << vm.before << "; it was " << ghosts_[slot].vm;
      }
      for (unsigned i = 0; i < RD_MAX_VCPUS; ++i) {
        const bool seen = (vm.vcpus_touched >> i & 1) != 0;
        if (!seen || vm.vcpus_before[i] == ghosts_[slot].vcpus[i]) continue;
        complain() << "between two calls vCPU " << i << " of VM " << slot << " became " << vm.vcpus_before[i];
      }
    }
  }
  void carry() noexcept {
    for (unsigned n = 0; n < state_.pages().size(); ++n) {
      const auto& [pfn, epoch, page] = state_.pages().at(n);
      if (page.now != page.before) blocks_[block_of(pfn)] += share_of(pfn, page.now) - share_of(pfn, page.before);
    }
    for (unsigned slot = 0; slot < RD_MAX_VMS; ++slot) {
      const TouchedVm& vm = state_.touched_vm(slot);
      if (!vm.touched) continue;
      Ghost& ghost = ghosts_[slot];
      ghost.vm = vm.now;
      ghost.sums.borrowed += vm.sums.borrowed;
      ghost.sums.other = vm.now.life == spec::Life::dead ? 0 : ghost.sums.other + vm.sums.other;
      for (unsigned i = 0; i < RD_MAX_VCPUS; ++i) {
        if ((vm.vcpus_touched >> i & 1) != 0) ghost.vcpus[i] = vm.vcpus[i];
      }
    }
  }
  [[nodiscard]] auto block_of(std::uint64_t pfn) const noexcept -> std::uint64_t {
    for (const auto& region : real_.real().pages.regions()) {
      const std::uint64_t first = region.first.value();
      if (pfn - first < region.count) return region.block_base + (pfn >> 9) - (first >> 9);
    }
    return 0;
  }
  void adopt(std::uint64_t blocks) noexcept {
    for (std::uint64_t i = 0; i < blocks; ++i) blocks_[i] = fresh_[i];
    for (unsigned slot = 0; slot < RD_MAX_VMS; ++slot) {
      Ghost& ghost = ghosts_[slot];
      ghost.vm = real_.vm(slot);
      for (unsigned i = 0; i < RD_MAX_VCPUS; ++i) ghost.vcpus[i] = real_.vcpu(slot, i);
      ghost.sums = survey_.vm(slot).cells;
    }
    known_ = true;
  }
  void compare(std::uint64_t blocks) noexcept {
    for (std::uint64_t i = 0; i < blocks; ++i) {
      if (blocks_[i] != fresh_[i]) complain() << "a page of block " << i << " of RAM changed without a call";
    }
    for (unsigned slot = 0; slot < RD_MAX_VMS; ++slot) {
      const Ghost& ghost = ghosts_[slot];
      if (real_.vm(slot) != ghost.vm) complain() << "VM " << slot << " changed without a call: " << real_.vm(slot);
      if (survey_.vm(slot).cells != ghost.sums)
        complain() << "a guest frame of VM " << slot << " changed without a call";
      for (unsigned i = 0; i < RD_MAX_VCPUS; ++i) {
        if (real_.vcpu(slot, i) == ghost.vcpus[i]) continue;
        complain() << "vCPU " << i << " of VM " << slot << " changed without a call: " << real_.vcpu(slot, i);
      }
    }
  }

  Abstraction<M> real_{};
  SparseState<M> state_{};
  Words words_{};
  Words lost_{};
  Survey<M> survey_{real_, words_};
  spec::Request request_{};
  spec::Outcome expected_{};
  std::array<Ghost, RD_MAX_VMS> ghosts_{};
  std::array<std::uint64_t, kBlocks> blocks_{};
  std::array<std::uint64_t, kBlocks> fresh_{};
  std::array<PastCall, kLastCalls> last_{};
  std::uint64_t calls_ = 0;
  std::uint64_t ended_ = 0;
  std::uint64_t surveys_ = 0;
  bool known_ = false;
  bool good_ = true;
};

}  // namespace redoubt::oracle
