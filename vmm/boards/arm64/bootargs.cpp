// SPDX-License-Identifier: Apache-2.0
#include "vmm/boards/arm64/bootargs.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace redoubt::vmm::arm64 {
namespace {

constexpr std::uint64_t kSlabBytes = 2048;  // IO_TLB_SIZE of Linux
constexpr std::uint64_t kMaxSwiotlbBytes = std::uint64_t{64} << 20;
constexpr std::uint64_t kWantedSwiotlbBytes = std::uint64_t{16} << 20;

// The value of the last `key`value word, as the kernel takes it.
[[nodiscard]] auto last_value(std::string_view args, std::string_view key) -> std::optional<std::string_view> {
  std::optional<std::string_view> found;
  while (!args.empty()) {
    const std::size_t end = std::min(args.find_first_of(" \t\n"), args.size());
    const std::string_view word = args.substr(0, end);
    if (word.starts_with(key)) found = word.substr(key.size());
    args.remove_prefix(std::min(end + 1, args.size()));
  }
  return found;
}

// 1/16 of RAM, but 16 MiB where RAM allows it without taking more than a quarter, and never more than 64 MiB.
[[nodiscard]] auto swiotlb_slabs(std::uint64_t ram_bytes) -> std::uint64_t {
  const std::uint64_t wanted = std::max(ram_bytes / 16, std::min(kWantedSwiotlbBytes, ram_bytes / 4));
  return std::min(wanted, kMaxSwiotlbBytes) / kSlabBytes;
}

}  // namespace

auto complete_bootargs(std::string_view from_user, std::uint64_t ram_bytes, bool is_protected) -> std::string {
  std::string args;
  // Ours first: where the kernel takes the last of two, the user's wins.
  if (!last_value(from_user, "console=")) args += "console=ttyAMA0 ";
  if (!last_value(from_user, "panic=")) args += "panic=-1 ";
  if (is_protected && !last_value(from_user, "swiotlb=")) args += fmt::format("swiotlb={} ", swiotlb_slabs(ram_bytes));
  args += from_user;
  while (!args.empty() && args.back() == ' ') args.pop_back();
  return args;
}

auto input_is_virtio(std::string_view bootargs) -> bool {
  const auto console = last_value(bootargs, "console=");
  return console && console->starts_with("hvc");
}

}  // namespace redoubt::vmm::arm64
