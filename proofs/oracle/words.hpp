// SPDX-License-Identifier: Apache-2.0
// A finding in words: a text of bounded length, and how pages, cells, VMs and calls read in it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "proofs/spec/common.hpp"

namespace redoubt::oracle {

class Words final {
 public:
  void clear() noexcept { size_ = 0; }
  [[nodiscard]] auto text() const noexcept -> std::string_view { return {text_.data(), size_}; }

  auto operator<<(std::string_view more) noexcept -> Words& {
    for (const char c : more) {
      if (size_ < text_.size()) text_[size_++] = c;
    }
    return *this;
  }
  auto operator<<(std::uint64_t number) noexcept -> Words& {
    *this << "0x";
    unsigned shift = 60;
    while (shift > 0 && number >> shift == 0) shift -= 4;
    for (;; shift -= 4) {
      const char digit = "0123456789abcdef"[number >> shift & 15];
      *this << std::string_view{&digit, 1};
      if (shift == 0) return *this;
    }
  }

 private:
  std::array<char, 400> text_{};
  std::size_t size_ = 0;
};

inline auto operator<<(Words& words, const spec::Page& page) noexcept -> Words& {
  switch (page.kind) {
    case spec::Kind::host: words << "the host's"; break;
    case spec::Kind::pinned: words << "EL2's own"; break;
    case spec::Kind::meta: words << "EL2's for VM " << page.vm; break;
    case spec::Kind::guest: words << "private to VM " << page.vm; break;
  }
  if (page.borrows != 0) words << ", borrowed " << page.borrows << " times";
  if (page.run) words << ", a run page";
  if (page.decoy) words << ", behind a decoy";
  if (page.torn) words << ", CONTRADICTED by the tables";
  return words;
}

inline auto operator<<(Words& words, const spec::Cell& cell) noexcept -> Words& {
  static constexpr std::string_view kRipas[] = {"EMPTY", "RAM", "DESTROYED", "(reserved)"};
  words << "level " << cell.level << ", ";
  if (cell.mapped) {
    words << (cell.owned ? "own page " : "borrowed page ") << cell.pfn << ", rights " << cell.prot;
  } else {
    words << kRipas[static_cast<unsigned>(cell.ripas) & 3];
  }
  if (cell.torn) words << ", with a descriptor that no call writes";
  return words;
}

inline auto operator<<(Words& words, const spec::Vm& vm) noexcept -> Words& {
  static constexpr std::string_view kLife[] = {"free", "building", "runnable", "stopped", "dead"};
  words << kLife[static_cast<unsigned>(vm.life)] << (vm.prot ? " protected" : "") << (vm.rsi ? " rsi" : "");
  words << ", generation " << vm.generation << ", pool " << vm.pool << ", meta " << vm.meta << ", mapped " << vm.mapped;
  return words << ", next image " << vm.next_image << ", root " << vm.root << ", decoy " << vm.decoy;
}

inline auto operator<<(Words& words, const spec::Vcpu& vcpu) noexcept -> Words& {
  if (!vcpu.exists) return words << "none";
  return words << (vcpu.loaded ? "loaded" : "idle") << ", state page " << vcpu.state << ", run page " << vcpu.run;
}

inline auto operator<<(Words& words, const spec::Outcome& outcome) noexcept -> Words& {
  if (outcome.status != 0) return words << "error -" << static_cast<std::uint64_t>(-outcome.status);
  return words << "ok " << outcome.first << " " << outcome.second;
}

inline auto operator<<(Words& words, const spec::Request& request) noexcept -> Words& {
  static constexpr std::string_view kNames[spec::kCalls] = {
      "vm_create",    "vm_topup",      "vm_set_ram",  "vm_finalise", "vm_stop",          "vm_teardown", "vm_destroy",
      "vcpu_create",  "vcpu_load",     "vcpu_put",    "mem_donate",  "mem_donate_image", "mem_share",   "mem_unshare",
      "page_reclaim", "guest_release", "guest_claim", "guest_ripas", "guest_page",       "host_fault"};
  words << kNames[static_cast<unsigned>(request.call)] << "(";
  for (unsigned i = 0; i < request.x.size(); ++i) words << (i == 0 ? "" : ", ") << request.x[i];
  return words << ")";
}

}  // namespace redoubt::oracle
