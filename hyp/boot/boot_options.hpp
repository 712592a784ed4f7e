// SPDX-License-Identifier: Apache-2.0
// Options for Redoubt on the host's command line: "redoubt.<name>=<value>", separated by blanks. Linux ignores them.
#pragma once

#include <string_view>

namespace redoubt::hyp {

// The value of the last `name=value` in `bootargs`, or empty.
[[nodiscard]] constexpr auto boot_option(std::string_view bootargs, std::string_view name) noexcept
    -> std::string_view {
  std::string_view value{};
  while (!bootargs.empty()) {
    std::size_t length = 0;
    while (length < bootargs.size() && bootargs[length] != ' ') ++length;
    std::string_view word{bootargs.data(), length};
    if (word.size() > name.size() && word[name.size()] == '=' && std::string_view{word.data(), name.size()} == name) {
      word.remove_prefix(name.size() + 1);
      value = word;
    }
    bootargs.remove_prefix(length < bootargs.size() ? length + 1 : length);
  }
  return value;
}

static_assert(boot_option("quiet redoubt.dma=open x=1", "redoubt.dma") == "open");
static_assert(boot_option("redoubt.dma", "redoubt.dma").empty() && boot_option("", "a").empty());

}  // namespace redoubt::hyp
