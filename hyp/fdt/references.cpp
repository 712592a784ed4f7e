// SPDX-License-Identifier: Apache-2.0
#include "hyp/fdt/references.hpp"

#include "hyp/fdt/lookup.hpp"

namespace redoubt::hyp::fdt {
namespace {

constexpr std::size_t kCellBytes = 4;
constexpr std::size_t kMapEntryBytes = 4 * kCellBytes;  // requester id, phandle, target's id, length

auto is_removed(const std::optional<Cursor>& target, const Policy& policy) noexcept -> bool {
  return target && !judge(*target, policy).kept;
}

// phandle, then as many cells as the target's `cells_property` says; repeated.
auto list_refers(const Reader& reader, const Policy& policy, Bytes list, std::string_view cells_property) noexcept
    -> bool {
  for (std::size_t at = 0; at + kCellBytes <= list.size();) {
    const auto target = find_phandle(reader, static_cast<std::uint32_t>(read_cells(list, at, 1)));
    if (is_removed(target, policy)) return true;
    if (!target) return false;
    at += kCellBytes * (std::size_t{1} + reader.u32(target->node(), cells_property, 0));
  }
  return false;
}

auto map_refers(const Reader& reader, const Policy& policy, Bytes map) noexcept -> bool {
  for (std::size_t at = 0; at + kMapEntryBytes <= map.size(); at += kMapEntryBytes) {
    const auto phandle = static_cast<std::uint32_t>(read_cells(map, at + kCellBytes, 1));
    if (is_removed(find_phandle(reader, phandle), policy)) return true;
  }
  return false;
}

}  // namespace

auto refers_to_removed(const Reader& reader, const Policy& policy, const Token& property) noexcept -> bool {
  if (property.name == "msi-parent") return list_refers(reader, policy, property.value, "#msi-cells");
  if (property.name == "iommus") return list_refers(reader, policy, property.value, "#iommu-cells");
  if (property.name == "dmas") return list_refers(reader, policy, property.value, "#dma-cells");
  if (property.name == "msi-map" || property.name == "iommu-map") return map_refers(reader, policy, property.value);
  return false;
}

}  // namespace redoubt::hyp::fdt
