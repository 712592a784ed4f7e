// SPDX-License-Identifier: Apache-2.0
// Finding nodes: by path, by alias, by phandle. Each is one walk over the tree.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "hyp/fdt/reader.hpp"

namespace redoubt::hyp::fdt {

// "/soc/uart@9000000". A component without "@unit" also matches the first node of that name with a unit address.
[[nodiscard]] auto find_path(const Reader& reader, std::string_view path) noexcept -> std::optional<Cursor>;

// A path or alias of /chosen, with or without ":options": "serial0:115200n8".
[[nodiscard]] auto find_alias_or_path(const Reader& reader, std::string_view text) noexcept -> std::optional<Cursor>;

[[nodiscard]] auto find_phandle(const Reader& reader, std::uint32_t phandle) noexcept -> std::optional<Cursor>;

[[nodiscard]] auto is_compatible(const Reader& reader, Node node, std::string_view compatible) noexcept -> bool;

// /chosen itself; Linux also accepts the spelling /chosen@0.
[[nodiscard]] auto is_chosen(const Reader& reader, Node top) noexcept -> bool;

// status absent, "okay" or "ok".
[[nodiscard]] auto is_enabled(const Reader& reader, Node node) noexcept -> bool;

}  // namespace redoubt::hyp::fdt
