// SPDX-License-Identifier: Apache-2.0
// The RAM of the fake machine: contents, and for each page what its next user may rely on.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/addr.hpp"

namespace redoubt::host {

struct FakePage {
  // What happened to the content since the last stage-2 mapping of the page went away.
  enum class Content : std::uint8_t { unknown, cleaned, wiped };

  static constexpr Vmid kNobody{~std::uint64_t{0}};
  static constexpr Vmid kDead{~std::uint64_t{1}};  // a VM whose VMID may be another's by now

  std::array<std::uint64_t, 512> words{};
  Content content = Content::wiped;  // as at power-on
  bool hyp_mapped = false;           // EL2 may load and store
  bool decoy = false;                // was zero when first shown at a foreign host address, and EL2's ever since
  std::uint32_t host_maps = 0;
  std::uint32_t guest_maps = 0;
  // Who could execute from it last, and the number of instruction cache invalidations until then.
  Vmid executed_by = kNobody;
  std::uint64_t executed_until = 0;
  // The mapping that went away last: a split may bring it back unchanged.
  Vmid last_vmid = kNobody;
  std::uint64_t last_frame = 0;
};

class FakeRam final {
 public:
  FakeRam(Pfn first, std::uint64_t count) : first_(first), pages_(count) {}

  [[nodiscard]] auto contains(Pfn pfn) const -> bool { return pfn.value() - first_.value() < pages_.size(); }
  [[nodiscard]] auto at(Pfn pfn) -> FakePage& { return pages_.at(pfn.value() - first_.value()); }
  [[nodiscard]] auto word(Pa pa) -> std::uint64_t& { return at(pfn_of(pa)).words.at(pa.value() % kPageSize / 8); }
  [[nodiscard]] auto first() const -> Pfn { return first_; }
  [[nodiscard]] auto count() const -> std::uint64_t { return pages_.size(); }

 private:
  Pfn first_;
  std::vector<FakePage> pages_;
};

}  // namespace redoubt::host
