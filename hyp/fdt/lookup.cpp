// SPDX-License-Identifier: Apache-2.0
#include "hyp/fdt/lookup.hpp"

namespace redoubt::hyp::fdt {
namespace {

// `text` before the first `separator`, all of it if there is none.
auto before(std::string_view text, char separator) noexcept -> std::string_view {
  std::size_t length = 0;
  while (length < text.size() && text[length] != separator) ++length;
  text.remove_suffix(text.size() - length);
  return text;
}

// Takes the first component off an absolute path; empty when nothing is left.
auto take_component(std::string_view& path) noexcept -> std::string_view {
  while (path.starts_with('/')) path.remove_prefix(1);
  const std::string_view component = before(path, '/');
  path.remove_prefix(component.size());
  return component;
}

auto names(std::string_view component, std::string_view node_name) noexcept -> bool {
  return node_name == component || (before(component, '@') == component && before(node_name, '@') == component);
}

}  // namespace

auto find_path(const Reader& reader, std::string_view path) noexcept -> std::optional<Cursor> {
  if (!path.starts_with('/')) return std::nullopt;
  Cursor cursor{reader};
  unsigned matched = 0;
  for (std::string_view wanted = take_component(path); !wanted.empty(); wanted = take_component(path)) {
    do {
      if (!cursor.next() || cursor.depth() <= matched) return std::nullopt;
    } while (cursor.depth() != matched + 1 || !names(wanted, reader.name(cursor.node())));
    ++matched;
  }
  return cursor;
}

auto find_alias_or_path(const Reader& reader, std::string_view text) noexcept -> std::optional<Cursor> {
  const std::string_view name = before(text, ':');
  if (name.starts_with('/')) return find_path(reader, name);
  const auto aliases = find_path(reader, "/aliases");
  return aliases ? find_path(reader, reader.text(aliases->node(), name)) : std::nullopt;
}

auto find_phandle(const Reader& reader, std::uint32_t phandle) noexcept -> std::optional<Cursor> {
  Cursor cursor{reader};
  do {
    const std::uint32_t old = reader.u32(cursor.node(), "linux,phandle", 0);
    if (phandle != 0 && reader.u32(cursor.node(), "phandle", old) == phandle) return cursor;
  } while (cursor.next());
  return std::nullopt;
}

auto is_compatible(const Reader& reader, Node node, std::string_view compatible) noexcept -> bool {
  return list_has(reader.find(node, "compatible"), compatible);
}

auto is_chosen(const Reader& reader, Node top) noexcept -> bool { return names("chosen", reader.name(top)); }

auto is_enabled(const Reader& reader, Node node) noexcept -> bool {
  if (!reader.has(node, "status")) return true;
  const std::string_view status = reader.text(node, "status");
  return status == "okay" || status == "ok";
}

}  // namespace redoubt::hyp::fdt
