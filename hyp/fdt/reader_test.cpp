// SPDX-License-Identifier: Apache-2.0
#include "hyp/fdt/reader.hpp"

#include <gtest/gtest.h>
#include <libfdt.h>

#include "hyp/fdt/address.hpp"
#include "hyp/fdt/lookup.hpp"
#include "hyp/fdt/test_tree.hpp"

namespace redoubt::hyp::fdt::test {
namespace {

auto opens(const Blob& blob) -> std::optional<FdtError> {
  const auto reader = Reader::open(blob);
  return reader ? std::nullopt : std::optional{reader.error()};
}

auto with_header(Blob blob, std::size_t field, std::uint32_t value) -> Blob {
  for (std::size_t i = 0; i < 4; ++i) blob[4 * field + i] = std::byte(value >> (24 - 8 * i));
  return blob;
}

auto field(const Blob& blob, std::size_t index) -> std::uint32_t {
  return static_cast<std::uint32_t>(read_cells(blob, 4 * index, 1));
}

auto path_of(const Cursor& cursor) -> std::string {
  std::string path;
  for (unsigned depth = 1; depth <= cursor.depth(); ++depth) {
    path += "/" + std::string{cursor.reader().name(cursor.ancestor(depth))};
  }
  return path.empty() ? "/" : path;
}

TEST(Reader, walks_the_same_nodes_and_properties_as_libfdt) {
  for (const char* name : kTrees) {
    const Blob blob = load(name);
    const auto reader = Reader::open(blob);
    ASSERT_TRUE(reader) << name;
    std::vector<std::string> seen;
    Cursor cursor{*reader};
    do {
      seen.push_back(path_of(cursor));
      const int node = fdt_path_offset(blob.data(), seen.back().c_str());
      int property = fdt_first_property_offset(blob.data(), node);
      for (Token t = reader->first_property(cursor.node()); t.kind == Token::Kind::PROPERTY;
           t = reader->token(t.next)) {
        const char* expected_name = nullptr;
        int length = 0;
        const void* value = fdt_getprop_by_offset(blob.data(), property, &expected_name, &length);
        ASSERT_NE(value, nullptr) << seen.back();
        EXPECT_EQ(t.name, expected_name);
        EXPECT_EQ(t.value.data(), value);
        EXPECT_EQ(t.value.size(), static_cast<std::size_t>(length));
        property = fdt_next_property_offset(blob.data(), property);
      }
      EXPECT_EQ(property, -FDT_ERR_NOTFOUND) << seen.back();
    } while (cursor.next());
    EXPECT_FALSE(cursor.next()) << "the end stays the end";
    EXPECT_EQ(seen, paths(blob)) << name;
  }
}

TEST(Reader, says_what_is_wrong_with_a_header) {
  const Blob good = load("qemu_virt");
  EXPECT_EQ(opens(good), std::nullopt);
  EXPECT_EQ(opens(with_header(good, 0, 0xd00dfeee)), FdtError::BAD_MAGIC);
  EXPECT_EQ(opens(with_header(good, 1, field(good, 1) + 1)), FdtError::TRUNCATED);
  EXPECT_EQ(opens(with_header(good, 1, 39)), FdtError::BAD_LAYOUT);
  EXPECT_EQ(opens(with_header(good, 1, kMaxBlobBytes + 1)), FdtError::BAD_LAYOUT);
  EXPECT_EQ(opens(with_header(good, 2, field(good, 2) + 2)), FdtError::BAD_LAYOUT);
  EXPECT_EQ(opens(with_header(good, 2, 0xfffffffc)), FdtError::BAD_LAYOUT);
  EXPECT_EQ(opens(with_header(good, 2, 36)), FdtError::BAD_LAYOUT) << "structure inside the header";
  EXPECT_EQ(opens(with_header(good, 3, 0xffffffff)), FdtError::BAD_LAYOUT);
  EXPECT_EQ(opens(with_header(good, 4, 24)), FdtError::BAD_LAYOUT) << "reservations inside the header";
  EXPECT_EQ(opens(with_header(good, 4, 44)), FdtError::BAD_LAYOUT) << "reservations misaligned";
  EXPECT_EQ(opens(with_header(good, 4, field(good, 1) - field(good, 1) % 8)), FdtError::BAD_LAYOUT) << "no terminator";
  EXPECT_EQ(opens(with_header(good, 5, 16)), FdtError::BAD_VERSION);
  EXPECT_EQ(opens(with_header(good, 6, 18)), FdtError::BAD_VERSION);
  EXPECT_EQ(opens(with_header(good, 8, 0xffffffff)), FdtError::BAD_LAYOUT);
  EXPECT_EQ(opens(with_header(good, 9, 0xffffffff)), FdtError::BAD_LAYOUT);
  EXPECT_EQ(opens(with_header(good, 9, field(good, 9) - 4)), FdtError::BAD_TOKEN) << "FDT_END cut off";
  EXPECT_EQ(opens(with_header(good, 8, 1)), FdtError::BAD_NAME) << "strings cut off";
  EXPECT_EQ(Reader::total_bytes(Bytes{good}.first(40)), good.size());
  EXPECT_EQ(Reader::total_bytes(Bytes{good}.first(39)).error(), FdtError::TRUNCATED);
}

// A blob around a structure block given as cells; its only property name is "a".
auto with_structure(const std::vector<std::uint32_t>& structure) -> Blob {
  const auto bytes = static_cast<std::uint32_t>(4 * structure.size());
  std::vector<std::uint32_t> words{0xd00dfeed, 60 + bytes, 56, 56 + bytes, 40, 17, 16, 0, 4, bytes, 0, 0, 0, 0};
  words.insert(words.end(), structure.begin(), structure.end());
  words.push_back(0x61000000);
  Blob blob;
  for (const std::uint32_t word : words) {
    for (int shift = 24; shift >= 0; shift -= 8) blob.push_back(std::byte(word >> shift));
  }
  return blob;
}

TEST(Reader, insists_on_the_order_of_tokens) {
  constexpr std::uint32_t kX = 0x78000000;  // the name "x"
  EXPECT_EQ(opens(with_structure({1, 0, 3, 0, 0, 1, kX, 2, 2, 9})), std::nullopt);
  EXPECT_EQ(opens(with_structure({1, 0, 1, kX, 2, 3, 0, 0, 2, 9})), FdtError::BAD_TOKEN) << "property behind a child";
  EXPECT_EQ(opens(with_structure({3, 0, 0, 1, 0, 2, 9})), FdtError::BAD_TOKEN) << "property outside";
  EXPECT_EQ(opens(with_structure({1, 0, 2, 1, 0, 2, 9})), FdtError::BAD_TOKEN) << "two roots";
  EXPECT_EQ(opens(with_structure({1, 0, 1, 0, 2, 2, 9})), FdtError::BAD_NAME) << "a child without name";
  EXPECT_EQ(opens(with_structure({1, 0, 2, 2, 9})), FdtError::BAD_TOKEN) << "closed twice";
  EXPECT_EQ(opens(with_structure({1, 0, 9})), FdtError::BAD_TOKEN) << "not closed";
  EXPECT_EQ(opens(with_structure({9})), FdtError::BAD_TOKEN) << "no root";
  EXPECT_EQ(opens(with_structure({1, 0, 3, 5, 0, 2, 9})), FdtError::BAD_TOKEN) << "a value swallows the end";
  EXPECT_EQ(opens(with_structure({1, 0, 3, 9, 0, 2, 9})), FdtError::BAD_PROPERTY);
}

TEST(Reader, takes_a_tree_at_an_odd_address_with_bytes_behind_it) {
  Blob shifted = load("board");
  shifted.insert(shifted.begin(), std::byte{0xff});
  shifted.resize(shifted.size() + 100, std::byte{0xff});
  EXPECT_TRUE(Reader::open(Bytes{shifted}.subspan(1)));
}

TEST(Reader, limits_the_depth_and_skips_nop) {
  Blob blob = load("qemu_virt");
  std::string path = "/";
  for (unsigned depth = 1; depth <= kMaxDepth; ++depth) {
    blob = with_node(blob, path.c_str(), "x");
    path += path == "/" ? "x" : "/x";
  }
  ASSERT_EQ(opens(blob), std::nullopt);
  EXPECT_TRUE(find_path(*Reader::open(blob), path));
  EXPECT_EQ(opens(with_node(blob, path.c_str(), "x")), FdtError::TOO_DEEP);

  Blob nops = load("qemu_virt");
  ASSERT_EQ(fdt_nop_node(nops.data(), fdt_path_offset(nops.data(), "/fw-cfg@9020000")), 0);
  ASSERT_EQ(fdt_nop_property(nops.data(), fdt_path_offset(nops.data(), "/psci"), "migrate"), 0);
  const auto reader = Reader::open(nops);
  ASSERT_TRUE(reader);
  EXPECT_FALSE(find_path(*reader, "/fw-cfg@9020000"));
  EXPECT_FALSE(reader->has(find_path(*reader, "/psci")->node(), "migrate"));
  EXPECT_TRUE(reader->has(find_path(*reader, "/psci")->node(), "method"));
}

TEST(Lookup, finds_by_path_alias_and_phandle) {
  const Scanned board{load("board")};
  const Reader& reader = board.reader;
  const auto uart = find_path(reader, "/soc/apb@40000000/serial@1000");
  ASSERT_TRUE(uart);
  EXPECT_EQ(uart->depth(), 3U);
  EXPECT_EQ(find_path(reader, "/soc/apb/serial")->node(), uart->node()) << "without unit addresses";
  EXPECT_EQ(find_alias_or_path(reader, "serial0:115200n8")->node(), uart->node());
  EXPECT_EQ(find_alias_or_path(reader, "/soc/apb/serial:9600")->node(), uart->node());
  EXPECT_EQ(find_path(reader, "/")->depth(), 0U);
  for (const char* none :
       {"", "soc", "/soc/serial@1000", "/soc/apb@40000000/serial@3000", "/psci/soc", "/psci/clock", "/so"}) {
    EXPECT_FALSE(find_path(reader, none)) << none;
  }
  EXPECT_FALSE(find_alias_or_path(reader, "serial9"));
  const auto gic = find_phandle(reader, reader.u32(reader.root(), "interrupt-parent", 0));
  ASSERT_TRUE(gic);
  EXPECT_TRUE(is_compatible(reader, gic->node(), "arm,gic-v3"));
  EXPECT_FALSE(find_phandle(reader, 0x7777));
}

TEST(Address, goes_through_every_ranges_on_the_way_up) {
  const Scanned board{load("board")};
  const auto first = [&](const char* path) {
    const auto cursor = find_path(board.reader, path);
    return reg_range(*cursor, cursor->depth(), 0);
  };
  EXPECT_EQ(first("/soc/apb/serial@1000"), range(0x50001000, 0x1000));
  EXPECT_EQ(first("/soc/dma"), range(0x22000000, 0x1000));
  EXPECT_EQ(first("/interrupt-controller/msi-controller"), range(0x30040000, 0x20000));
  EXPECT_EQ(first("/soc/apb/outside"), std::nullopt) << "beyond the bus's window";
  EXPECT_EQ(first("/soc/nobus/device"), std::nullopt) << "no ranges, no mapping";
  EXPECT_EQ(first("/cpus/cpu@100"), std::nullopt) << "no size cells";
  EXPECT_EQ(first("/psci"), std::nullopt);
}

TEST(Address, refuses_ranges_that_wrap) {
  const Blob blob = with_cells(load("board"), "/soc", "ranges", {0x20000000, 0xffffffff, 0xfffff000, 0x30000000});
  const auto reader = Reader::open(blob);
  const auto dma = find_path(*reader, "/soc/dma");
  EXPECT_EQ(reg_range(*dma, dma->depth(), 0), std::nullopt);
}

TEST(Address, refuses_registers_that_leave_the_window_of_their_bus) {
  const Scanned tree{with_cells(load("board"), "/soc/apb@40000000/serial@2000", "reg", {0xff000, 0x1001})};
  const auto uart = find_path(tree.reader, "/soc/apb/serial@2000");
  EXPECT_EQ(reg_range(*uart, uart->depth(), 0), std::nullopt);
  const Scanned inside{with_cells(tree.blob, "/soc/apb@40000000/serial@2000", "reg", {0xff000, 0x1000})};
  EXPECT_EQ(reg_range(*find_path(inside.reader, "/soc/apb/serial@2000"), 3, 0), range(0x500ff000, 0x1000));
}

TEST(Address, does_not_take_pci_configuration_space_for_a_window) {
  const Scanned tree{
      with_cells(load("qemu_virt"), "/pcie@10000000", "ranges", {0x00000000, 0, 0, 0, 0x3eff0000, 0, 0x10000})};
  ASSERT_EQ(pci_window_count(*find_path(tree.reader, "/pcie")), 1U);
  EXPECT_EQ(pci_window(*find_path(tree.reader, "/pcie"), 0), std::nullopt);
}

TEST(Address, knows_the_windows_of_a_pci_host) {
  const Scanned tree{load("qemu_virt")};
  const auto pcie = find_path(tree.reader, "/pcie");
  ASSERT_EQ(pci_window_count(*pcie), 3U);
  EXPECT_EQ(pci_window(*pcie, 0), range(0x3eff0000, 0x10000));
  EXPECT_EQ(pci_window(*pcie, 1), range(0x10000000, 0x2eff0000));
  EXPECT_EQ(pci_window(*pcie, 2), range(0x8000000000, 0x8000000000));
  EXPECT_EQ(pci_window(*pcie, 3), std::nullopt);
  EXPECT_EQ(pci_window_count(*find_path(tree.reader, "/intc")), 0U);
}

}  // namespace
}  // namespace redoubt::hyp::fdt::test
