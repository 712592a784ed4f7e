// SPDX-License-Identifier: Apache-2.0
// Trees for the tests: the ones in testdata, compiled by dtc, and libfdt as the second opinion on what they say.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hyp/fdt/platform.hpp"
#include "hyp/fdt/reader.hpp"
#include "hyp/fdt/rewrite.hpp"

namespace redoubt::hyp::fdt::test {

using Blob = std::vector<std::byte>;

inline constexpr const char* kTrees[] = {"qemu_virt", "qemu_smmu", "qemu_numa", "qemu_modules", "board"};

// testdata/<name>.dts as a blob.
auto load(const std::string& name) -> Blob;

// The blob with one property set, through libfdt. `path` must exist.
auto with_property(const Blob& blob, const char* path, const char* name, Bytes value) -> Blob;
auto with_text(const Blob& blob, const char* path, const char* name, std::string_view value) -> Blob;
auto with_cells(const Blob& blob, const char* path, const char* name, const std::vector<std::uint32_t>& cells) -> Blob;
auto without_property(const Blob& blob, const char* path, const char* name) -> Blob;
auto without_node(const Blob& blob, const char* path) -> Blob;
auto with_node(const Blob& blob, const char* parent, const char* name) -> Blob;

// Node paths in tree order.
auto paths(const Blob& blob) -> std::vector<std::string>;
auto has_node(const Blob& blob, const char* path) -> bool;
auto cells(const Blob& blob, const char* path, const char* name) -> std::vector<std::uint32_t>;
auto raw(const Blob& blob, const char* path, const char* name) -> std::string;  // "<none>" if absent

inline auto range(std::uint64_t base, std::uint64_t bytes) -> PaRange { return {Pa{base}, Pa{base + bytes}}; }

// A reader and what it reads, and the scan of it.
struct Scanned {
  explicit Scanned(Blob bytes);
  Blob blob;
  Reader reader;
  PlatformInfo info;
  FdtResult<> result;
};

// Edits that change everything, good for any of the trees.
auto full_edits() -> HostEdits;
auto rewritten(const Scanned& tree, const Policy& policy, const HostEdits& edits) -> Blob;

}  // namespace redoubt::hyp::fdt::test
