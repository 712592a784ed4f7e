// SPDX-License-Identifier: Apache-2.0
// /chosen: what the boot loader wants to be run, and the entropy it brought.
#include "hyp/fdt/address.hpp"
#include "hyp/fdt/lookup.hpp"
#include "hyp/fdt/scan_parts.hpp"

namespace redoubt::hyp::fdt {
namespace {

// linux,initrd-start and -end are of one cell or two; 0 if absent.
auto number(const Reader& reader, Node node, std::string_view name) noexcept -> std::uint64_t {
  const Bytes value = reader.find(node, name);
  return read_cells(value, 0, value.size() >= 8 ? 2 : 1);
}

auto slice(const Reader& reader, Node node, std::string_view name) noexcept -> BlobSlice {
  const Bytes value = reader.find(node, name);
  return value.empty() ? BlobSlice{} : BlobSlice{reader.offset_in_blob(value), value.size()};
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
  const std::uint64_t start = number(reader, node, "linux,initrd-start");
  const std::uint64_t end = number(reader, node, "linux,initrd-end");
  if (start < end) chosen.initrd = PaRange::make(start, end - start);
}

auto scan_module(const Cursor& cursor, ChosenInfo& chosen) noexcept -> FdtResult<> {
  const Reader& reader = cursor.reader();
  if (!is_compatible(reader, cursor.node(), "multiboot,module")) return {};
  // QEMU gives /chosen no cell counts of its own and writes the module's reg with those of the root.
  const Node parent = cursor.ancestor(1);
  const CellCounts cells = child_cells(reader, reader.has(parent, "#address-cells") ? parent : reader.root());
  const Bytes reg = reader.find(cursor.node(), "reg");
  if (!cells.plain() || reg.size() != cells.bytes()) return FdtUnexpected{FdtError::BAD_ADDRESS};
  const BusRange image = read_range(reg, 0, cells);
  const auto range = PaRange::make(image.base, image.bytes);
  if (!range) return FdtUnexpected{FdtError::BAD_ADDRESS};
  const BootModule module{module_kind(reader, cursor.node()), *range, reader.text(cursor.node(), "bootargs")};
  if (!chosen.modules.push(module)) return FdtUnexpected{FdtError::TOO_MANY};
  return {};
}

}  // namespace redoubt::hyp::fdt
