// SPDX-License-Identifier: Apache-2.0
// Text on the PL011, whole lines at a time. Usable from any CPU and from exception handlers.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace redoubt::guest {

// One argument of print(): a number or a text.
class PrintArgument {
 public:
  template <std::integral T>
  constexpr PrintArgument(T value) noexcept  // NOLINT: implicit, so that print() reads naturally
      : number_(static_cast<std::uint64_t>(value)), negative_(value < T{0}) {}
  constexpr PrintArgument(std::string_view text) noexcept : text_(text), is_text_(true) {}  // NOLINT
  constexpr PrintArgument(const char* text) noexcept : text_(text), is_text_(true) {}       // NOLINT

  [[nodiscard]] auto is_text() const noexcept -> bool { return is_text_; }
  [[nodiscard]] auto text() const noexcept -> std::string_view { return text_; }
  [[nodiscard]] auto negative() const noexcept -> bool { return negative_; }
  [[nodiscard]] auto number() const noexcept -> std::uint64_t { return number_; }

 private:
  std::uint64_t number_ = 0;
  std::string_view text_;
  bool negative_ = false;
  bool is_text_ = false;
};

// {} is decimal or text, {x} hexadecimal. Missing arguments print as "?".
void print_arguments(std::string_view format, const PrintArgument* arguments, std::size_t count) noexcept;

// Whether that character was typed since the last call; others that were typed are dropped.
[[nodiscard]] auto typed(char wanted) noexcept -> bool;

inline void print(std::string_view text) noexcept { print_arguments(text, nullptr, 0); }

template <class... Args>
void print(std::string_view format, const Args&... args) noexcept {
  const PrintArgument arguments[] = {PrintArgument(args)...};
  print_arguments(format, arguments, sizeof...(Args));
}

}  // namespace redoubt::guest
