// SPDX-License-Identifier: Apache-2.0
// EL2's log: a ring in hyp memory that the host reads through LOG_READ; during boot and in a panic also the console.
// A guest's data must never be passed to it: reasons, handles, counters and addresses only.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/addr.hpp"

namespace redoubt::hyp {

struct Hex {
  std::uint64_t value;
};

// One argument of log(): a string, a decimal or a hexadecimal number.
class LogArgument {
 public:
  constexpr LogArgument(std::string_view text) noexcept : text_(text) {}
  constexpr LogArgument(const char* text) noexcept : text_(text) {}
  constexpr LogArgument(Hex hex) noexcept : number_(hex.value), kind_(Kind::HEX) {}
  template <std::integral T>
  constexpr LogArgument(T number) noexcept : number_(static_cast<std::uint64_t>(number)), kind_(Kind::DECIMAL) {}
  void write() const noexcept;

 private:
  enum class Kind : std::uint8_t { TEXT, DECIMAL, HEX };
  std::string_view text_{};
  std::uint64_t number_ = 0;
  Kind kind_ = Kind::TEXT;
};

void log_line(std::string_view format, std::span<const LogArgument> arguments) noexcept;

// "{}" in `format` stands for the next argument. One call is one line; lines of several CPUs do not mix.
template <class... Arguments>
void log(std::string_view format, Arguments... arguments) noexcept {
  if constexpr (sizeof...(arguments) == 0) {
    log_line(format, {});
  } else {
    const LogArgument list[] = {LogArgument{arguments}...};
    log_line(format, list);
  }
}

// Copies log bytes from absolute offset `from` (clamped to what the ring still holds); returns the count and advances `from`.
[[nodiscard]] auto log_copy(std::uint64_t& from, std::span<char> out) noexcept -> std::uint64_t;

// Console: until console_release() the log also goes to the PL011 at this address of EL2's map. Panics take it back.
void console_attach(std::uint64_t pl011_va) noexcept;
void console_release() noexcept;
void console_seize() noexcept;

// Panic only: from here on the log takes no lock, since its holder may be what broke.
void log_without_lock() noexcept;

}  // namespace redoubt::hyp
