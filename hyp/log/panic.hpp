// SPDX-License-Identifier: Apache-2.0
// Panic: Redoubt itself is broken. No input of the host, a guest or a device may reach it.
#pragma once

#include <cstdint>
#include <string_view>

namespace redoubt::hyp {

// Prints reason and backtrace ("el2: #N 0x..." lines, offsets for ./rd symbolize), wipes no further state, stops the machine.
[[noreturn]] void panic(std::string_view reason) noexcept;

}  // namespace redoubt::hyp

#define RD_CHECK(condition)                                               \
  do {                                                                    \
    if (!(condition)) ::redoubt::hyp::panic("check failed: " #condition); \
  } while (false)
