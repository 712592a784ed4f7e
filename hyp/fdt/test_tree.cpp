// SPDX-License-Identifier: Apache-2.0
#include "hyp/fdt/test_tree.hpp"

#include <gtest/gtest.h>
#include <libfdt.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>

namespace redoubt::hyp::fdt::test {
namespace {

void require(int status, const std::string& what) {
  if (status < 0) throw std::runtime_error(what + ": " + fdt_strerror(status));
}

auto node_at(const Blob& blob, const char* path) -> int {
  const int node = fdt_path_offset(blob.data(), path);
  require(node, path);
  return node;
}

auto edited(const Blob& blob, const std::function<int(void*)>& edit) -> Blob {
  Blob result(blob.size() + 4096);
  require(fdt_open_into(blob.data(), result.data(), static_cast<int>(result.size())), "open");
  require(edit(result.data()), "edit");
  require(fdt_pack(result.data()), "pack");
  result.resize(fdt_totalsize(result.data()));
  return result;
}

auto opened(const Blob& blob) -> Reader {
  const auto reader = Reader::open(blob);
  if (!reader) throw std::runtime_error(std::string{describe(reader.error())});
  return *reader;
}

}  // namespace

auto load(const std::string& name) -> Blob {
  std::ifstream file(std::string{RD_TREES} + "/" + name + ".dtb", std::ios::binary);
  if (!file) throw std::runtime_error("no tree " + name);
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const auto bytes = std::as_bytes(std::span{text});
  return {bytes.begin(), bytes.end()};
}

auto with_property(const Blob& blob, const char* path, const char* name, Bytes value) -> Blob {
  return edited(blob, [&](void* fdt) {
    return fdt_setprop(fdt, node_at(blob, path), name, value.data(), static_cast<int>(value.size()));
  });
}

auto with_text(const Blob& blob, const char* path, const char* name, std::string_view value) -> Blob {
  const std::string text{value};
  return with_property(blob, path, name, std::as_bytes(std::span{text.c_str(), text.size() + 1}));
}

auto with_cells(const Blob& blob, const char* path, const char* name, const std::vector<std::uint32_t>& values)
    -> Blob {
  std::vector<fdt32_t> big;
  for (const std::uint32_t value : values) big.push_back(cpu_to_fdt32(value));
  return with_property(blob, path, name, std::as_bytes(std::span{big}));
}

auto without_property(const Blob& blob, const char* path, const char* name) -> Blob {
  return edited(blob, [&](void* fdt) { return fdt_delprop(fdt, node_at(blob, path), name); });
}

auto without_node(const Blob& blob, const char* path) -> Blob {
  return edited(blob, [&](void* fdt) { return fdt_del_node(fdt, node_at(blob, path)); });
}

auto with_node(const Blob& blob, const char* parent, const char* name) -> Blob {
  return edited(blob, [&](void* fdt) { return fdt_add_subnode(fdt, node_at(blob, parent), name); });
}

auto paths(const Blob& blob) -> std::vector<std::string> {
  std::vector<std::string> result;
  char path[512];
  int depth = 0;
  for (int node = 0; node >= 0 && depth >= 0; node = fdt_next_node(blob.data(), node, &depth)) {
    require(fdt_get_path(blob.data(), node, path, sizeof path), "path");
    result.emplace_back(path);
  }
  return result;
}

auto has_node(const Blob& blob, const char* path) -> bool { return fdt_path_offset(blob.data(), path) >= 0; }

auto cells(const Blob& blob, const char* path, const char* name) -> std::vector<std::uint32_t> {
  std::vector<std::uint32_t> result;
  const std::string bytes = raw(blob, path, name);
  for (std::size_t at = 0; at + 4 <= bytes.size(); at += 4) {
    result.push_back(static_cast<std::uint32_t>(read_cells(std::as_bytes(std::span{bytes}), at, 1)));
  }
  return result;
}

auto raw(const Blob& blob, const char* path, const char* name) -> std::string {
  int length = 0;
  const void* value = fdt_getprop(blob.data(), node_at(blob, path), name, &length);
  return value == nullptr ? "<none>" : std::string(static_cast<const char*>(value), static_cast<std::size_t>(length));
}

Scanned::Scanned(Blob bytes) : blob(std::move(bytes)), reader(opened(blob)), result(scan(reader, info)) {}

auto full_edits() -> HostEdits {
  static const PaRange ram[] = {range(0x44000000, 0x3c000000), range(0xc0000000, 0x10000000)};
  static const std::byte rng[32] = {std::byte{0x11}, std::byte{0x22}};
  static const std::byte kaslr[8] = {std::byte{0x33}};
  static const NodeProperty node[] = {NodeProperty::of_text("redoubt,version", "1.0"),
                                      NodeProperty::of_u32("redoubt,dma-policy", 0),
                                      NodeProperty::of_u64("redoubt,reserved-bytes", 0x123456789a)};
  return {.ram = ram,
          .rng_seed = rng,
          .kaslr_seed = kaslr,
          .initrd = range(0x48000000, 0x1234567),
          .bootargs = "console=ttyAMA0 quiet",
          .node = node};
}

auto rewritten(const Scanned& tree, const Policy& policy, const HostEdits& edits) -> Blob {
  Blob out(tree.blob.size() + 2048);
  const auto size = rewrite(tree.reader, tree.info, policy, edits, out);
  if (!size) throw std::runtime_error(std::string{describe(size.error())});
  out.resize(*size);
  return out;
}

}  // namespace redoubt::hyp::fdt::test
