// SPDX-License-Identifier: Apache-2.0
// The RAM Redoubt takes for itself at boot, and what is where in it. Sized by RAM and CPUs; nothing is added later but
// what the host donates.
#pragma once

#include <cstdint>
#include <span>

#include "base/addr.hpp"
#include "base/result.hpp"
#include "core/pages/page_entry.hpp"
#include "hyp/cpu/per_cpu.hpp"
#include "hyp/fdt/platform.hpp"

namespace redoubt::hyp {

class CarveOut {
 public:
  // Chooses the place, clears it, maps it in EL2's linear area. Panics if RAM is too small.
  CarveOut(const fdt::PlatformInfo& info, std::span<const fdt::PaRange> in_use, const fdt::PaRange& marker) noexcept;

  [[nodiscard]] auto range() const noexcept -> fdt::PaRange { return range_; }
  [[nodiscard]] auto page_entries() const noexcept -> std::span<core::PageEntry>;
  [[nodiscard]] auto block_counts() const noexcept -> std::span<std::uint16_t>;
  [[nodiscard]] auto leaf_tables() const noexcept -> Pa { return leaf_tables_; }

  // The level-2 tables of the linear area for all RAM, and its pool of level-3 tables.
  void build_el2_maps() noexcept;

  // Stacks, windows and the PerCpu of one CPU.
  auto make_cpu(unsigned index, std::uint64_t mpidr) noexcept -> PerCpu&;

 private:
  void lay_out(const fdt::PlatformInfo& info) noexcept;
  [[nodiscard]] auto take(std::uint64_t pages) noexcept -> Pa;

  const fdt::PlatformInfo& info_;
  fdt::PaRange range_{};
  std::uint64_t pages_ = 0, blocks_ = 0;  // of RAM
  Pa next_;
  Pa leaf_tables_, entries_, counts_, linear_tables_;
};

// Zeroed, contiguous, naturally aligned pages for the host's upper tables; the allocator of core::build_host_tables.
[[nodiscard]] auto carve_out_tables(std::uint64_t pages) noexcept -> Result<Pa>;

}  // namespace redoubt::hyp
