// SPDX-License-Identifier: Apache-2.0
// Panic: Redoubt itself is broken. No input of the host, a guest or a device may reach it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace redoubt::hyp {

// Prints reason and backtrace ("el2: #N 0x..." lines, offsets for ./rd symbolize) and stops this CPU; every other CPU
// stops when it next comes to EL2. What stage 2 denies the host stays denied.
[[noreturn]] void panic(std::string_view reason) noexcept;

// Set for ever by a panic, and when a reset of the machine begins: no CPU goes on at EL2.
extern std::atomic<bool> el2_closed;

}  // namespace redoubt::hyp

#define RD_CHECK(condition)                                               \
  do {                                                                    \
    if (!(condition)) ::redoubt::hyp::panic("check failed: " #condition); \
  } while (false)
