// SPDX-License-Identifier: Apache-2.0
// /chosen: what the boot loader wants to be run, and the entropy it brought.
#include "hyp/fdt/address.hpp"
#include "hyp/fdt/lookup.hpp"
#include "hyp/fdt/scan_parts.hpp"

namespace redoubt::hyp::fdt {
namespace {

// A property of one or two cells, as linux,initrd-start is either.
auto number(const Reader& reader, Node node, std::string_view name) noexcept -> std::optional<std::uint64_t> {
  const auto value = reader.find(node, name);
  if (!value || (value->size() != 4 && value->size() != 8)) return std::nullopt;
  return read_cells(*value, 0, static_cast<unsigned>(value->size() / 4));
}

auto slice(const Reader& reader, Node node, std::string_view name) noexcept -> BlobSlice {
  const auto value = reader.find(node, name);
  if (!value || value->empty()) return {};
  return {reader.offset_in_blob(*value), value->size()};
}

auto module_kind(const Reader& reader, Node node) noexcept -> BootModule::Kind {
  if (is_compatible(reader, node, "multiboot,kernel")) return BootModule::Kind::KERNEL;
  if (is_compatible(reader, node, "multiboot,ramdisk")) return BootModule::Kind::RAMDISK;
  return BootModule::Kind::OTHER;
}

}  // namespace

void scan_chosen(const Reader& reader, ChosenInfo& chosen) noexcept {
  const auto found = find_path(reader, "/chosen");
  if (!found) return;
  const Node node = found->node();
  chosen.bootargs = reader.text(node, "bootargs");
  chosen.rng_seed = slice(reader, node, "rng-seed");
  chosen.kaslr_seed = slice(reader, node, "kaslr-seed");
  const auto start = number(reader, node, "linux,initrd-start");
  const auto end = number(reader, node, "linux,initrd-end");
  if (start && end && *start < *end) chosen.initrd = PaRange::make(*start, *end - *start);
}

auto scan_module(const Cursor& cursor, ChosenInfo& chosen) noexcept -> FdtResult<> {
  const Reader& reader = cursor.reader();
  if (!is_compatible(reader, cursor.node(), "multiboot,module")) return {};
  // QEMU gives /chosen no cell counts of its own and writes the module's reg with those of the root.
  const Node parent = cursor.ancestor(1);
  const CellCounts cells = child_cells(reader, reader.has(parent, "#address-cells") ? parent : reader.root());
  const auto reg = reader.find(cursor.node(), "reg");
  if (!reg || cells.address > 2 || cells.size > 2 || reg->size() != std::size_t{4} * (cells.address + cells.size)) {
    return FdtUnexpected{FdtError::BAD_ADDRESS};
  }
  const auto range =
      PaRange::make(read_cells(*reg, 0, cells.address), read_cells(*reg, std::size_t{4} * cells.address, cells.size));
  if (!range) return FdtUnexpected{FdtError::BAD_ADDRESS};
  const BootModule module{module_kind(reader, cursor.node()), *range, reader.text(cursor.node(), "bootargs")};
  if (!chosen.modules.push(module)) return FdtUnexpected{FdtError::TOO_MANY};
  return {};
}

}  // namespace redoubt::hyp::fdt
