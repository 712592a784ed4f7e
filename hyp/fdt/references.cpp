// SPDX-License-Identifier: Apache-2.0
#include "hyp/fdt/references.hpp"

#include "hyp/fdt/lookup.hpp"

namespace redoubt::hyp::fdt {
namespace {

// A list is: phandle, then as many cells as its target's `cells_property` says; repeated. A map, which has no such
// property, is: requester id, phandle, target's id, length; repeated.
auto refers(const Reader& reader, const Policy& policy, Bytes value, std::string_view cells_property) noexcept -> bool {
  constexpr std::size_t kCellBytes = 4;
  const bool map = cells_property.empty();
  for (std::size_t at = map ? kCellBytes : 0; at + kCellBytes <= value.size();) {
    const auto target = find_phandle(reader, static_cast<std::uint32_t>(read_cells(value, at, 1)));
    if (target && !judge(*target, policy).kept) return true;
    if (!target && !map) return false;
    at += kCellBytes * (map ? std::size_t{4} : std::size_t{1} + reader.u32(target->node(), cells_property, 0));
  }
  return false;
}

}  // namespace

auto refers_to_removed(const Reader& reader, const Policy& policy, const Token& property) noexcept -> bool {
  if (property.name == "msi-parent") return refers(reader, policy, property.value, "#msi-cells");
  if (property.name == "iommus") return refers(reader, policy, property.value, "#iommu-cells");
  if (property.name == "dmas") return refers(reader, policy, property.value, "#dma-cells");
  return (property.name == "msi-map" || property.name == "iommu-map") && refers(reader, policy, property.value, {});
}

}  // namespace redoubt::hyp::fdt
