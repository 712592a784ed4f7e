// SPDX-License-Identifier: Apache-2.0
// The tree the host sees: a copy of the boot loader's, edited on the way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "hyp/fdt/pa_range.hpp"
#include "hyp/fdt/platform.hpp"
#include "hyp/fdt/policy.hpp"

namespace redoubt::hyp::fdt {

// A property of the node /redoubt: a text, or a number of one or two cells.
struct NodeProperty {
  std::string_view name;
  std::string_view text;
  std::uint64_t number;
  unsigned cells;  // 0: text

  [[nodiscard]] static constexpr auto of_text(std::string_view name, std::string_view text) noexcept -> NodeProperty {
    return {name, text, 0, 0};
  }
  [[nodiscard]] static constexpr auto of_u32(std::string_view name, std::uint32_t number) noexcept -> NodeProperty {
    return {name, {}, number, 1};
  }
  [[nodiscard]] static constexpr auto of_u64(std::string_view name, std::uint64_t number) noexcept -> NodeProperty {
    return {name, {}, number, 2};
  }
};

inline constexpr std::size_t kMaxNodeProperties = 12;

struct HostEdits {
  std::span<const PaRange> ram;              // what the host may use: 1..kMaxRamRanges, whole pages, ascending
  Bytes rng_seed;                            // fresh bytes; empty: no seed is passed on
  Bytes kaslr_seed;                          // likewise, 8 bytes
  std::optional<PaRange> initrd;             // nullopt: as in the original
  std::optional<std::string_view> bootargs;  // nullopt: as in the original
  std::span<const NodeProperty> node;        // at most kMaxNodeProperties, besides compatible = "redoubt,hypervisor"
};

// Writes the edited tree to `out` (8-byte aligned, not overlapping the source) and answers its size in bytes:
//  - nodes that `policy` removes are gone, and so are msi, iommu and dma properties that refer to one of them;
//  - one /memory@<base> node holds edits.ram; /redoubt is added;
//  - the timer node keeps the interrupts sec-phys, phys and hyp-phys, by name: the virtual timer is the guests';
//  - /chosen: the seeds are replaced or dropped, initrd and bootargs set as given.
// Everything else is copied in its order. Rewriting the result with the same edits gives the same bytes.
// BAD_EDIT, NO_ROOM, NO_TIMER. Room for the source, 1 KiB and the bytes of the
// edits themselves is always enough.
[[nodiscard]] auto rewrite(const Reader& reader, const PlatformInfo& info, const Policy& policy, const HostEdits& edits,
                           std::span<std::byte> out) noexcept -> FdtResult<std::size_t>;

}  // namespace redoubt::hyp::fdt
