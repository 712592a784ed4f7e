// SPDX-License-Identifier: Apache-2.0
// In place of the Arm instructions: each system register is a variable, found by its name, zero at the start of an input.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace redoubt::fuzz {

struct SystemRegister {
  SystemRegister() { all().push_back(this); }
  SystemRegister(const SystemRegister&) = delete;
  auto operator=(const SystemRegister&) -> SystemRegister& = delete;
  [[nodiscard]] static auto all() -> std::vector<SystemRegister*>& {
    static std::vector<SystemRegister*> registers;
    return registers;
  }
  std::uint64_t value = 0;
};

template <std::size_t kLength>
struct RegisterName {
  consteval RegisterName(const char (&name)[kLength]) { std::copy_n(name, kLength, text); }
  char text[kLength];
};

template <RegisterName kName>
inline SystemRegister system_register{};

}  // namespace redoubt::fuzz

#define RD_READ_SYSREG(name) (::redoubt::fuzz::system_register<#name>.value)
#define RD_WRITE_SYSREG(name, ...)                                 \
  do {                                                             \
    ::redoubt::fuzz::system_register<#name>.value = (__VA_ARGS__); \
  } while (false)

// The instructions that hyp's sources have of their own assemble to nothing here: instruction caches, hints, and the
// address translation, whose result is whatever PAR_EL1 holds.
asm(".macro ic operation:vararg\n.endm\n.macro hint number:vararg\n.endm\n.macro at operation:vararg\n.endm\n");
