// SPDX-License-Identifier: Apache-2.0
#include "vmm/cli/units.hpp"

#include <charconv>
#include <vector>

#include "base/addr.hpp"
#include "vmm/vm/failure.hpp"

namespace redoubt::vmm {
namespace {

constexpr std::uint64_t kMinMemory = std::uint64_t{16} << 20;
constexpr std::size_t kMaxDiskId = 20;  // VIRTIO_BLK_ID_BYTES

[[nodiscard]] auto unit_shift(const std::string& unit) -> int {
  if (unit.empty()) return 0;
  if (unit == "K" || unit == "k" || unit == "KiB") return 10;
  if (unit == "M" || unit == "m" || unit == "MiB") return 20;
  if (unit == "G" || unit == "g" || unit == "GiB") return 30;
  return -1;
}

[[nodiscard]] auto split_at_commas(const std::string& text) -> std::vector<std::string> {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != ',') {
      parts.back() += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == ',') {
      parts.back() += ',';
      ++i;
    } else {
      parts.emplace_back();
    }
  }
  return parts;
}

}  // namespace

auto parse_memory(const std::string& text) -> std::uint64_t {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const int shift = unit_shift(std::string(end, text.data() + text.size()));
  if (error != std::errc{} || shift < 0) fail("--memory {}: write a size like 256M or 2G", text);
  if (number > (std::uint64_t{1} << 48) >> shift) fail("--memory {} is too much", text);
  const std::uint64_t bytes = number << shift;
  if (bytes < kMinMemory || bytes % kBlockSize != 0) fail("--memory {}: at least 16M, and a multiple of 2M", text);
  return bytes;
}

auto parse_disk(const std::string& text) -> DiskConfig {
  const std::vector<std::string> parts = split_at_commas(text);
  DiskConfig disk;
  disk.path = parts.front();
  if (disk.path.empty()) fail("--disk '{}': no file name", text);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (parts[i] == "ro") {
      disk.read_only = true;
    } else if (parts[i].starts_with("id=")) {
      disk.id = parts[i].substr(3);
    } else {
      fail("--disk {}: unknown option '{}' (known: ro, id=NAME; double a comma in a file name)", text, parts[i]);
    }
  }
  if (disk.id.size() > kMaxDiskId) fail("--disk {}: an id has at most {} bytes", text, kMaxDiskId);
  return disk;
}

auto parse_console(const std::string& text) -> ConsoleConfig {
  if (text.empty()) fail("--console: give stdio, none or a file name");
  if (text == "stdio") return {ConsoleConfig::Kind::kStdio, ""};
  if (text == "none") return {ConsoleConfig::Kind::kNone, ""};
  return {ConsoleConfig::Kind::kFile, text};
}

}  // namespace redoubt::vmm
