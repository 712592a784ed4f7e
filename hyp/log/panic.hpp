// SPDX-License-Identifier: Apache-2.0
// Panic: Redoubt itself is broken. No input of the host, a guest or a device may reach it.
#pragma once

#include <cstdint>
#include <string_view>

namespace redoubt::hyp {

// Prints reason and backtrace ("el2: #N 0x..." lines, offsets for ./rd symbolize) and stops this CPU; every other CPU
// stops when it next comes to EL2. What stage 2 denies the host stays denied.
[[noreturn]] void panic(std::string_view reason) noexcept;

// First thing on every entry to EL2: does not return after a panic on another CPU.
void stop_if_panicking() noexcept;

}  // namespace redoubt::hyp

#define RD_CHECK(condition)                                               \
  do {                                                                    \
    if (!(condition)) ::redoubt::hyp::panic("check failed: " #condition); \
  } while (false)
