// SPDX-License-Identifier: Apache-2.0
#include "guest/sdk/console.hpp"

#include "arch/arm64/common/mmio.hpp"
#include "guest/sdk/machine.hpp"
#include "guest/sdk/spinlock.hpp"

namespace redoubt::guest {

namespace {

constexpr std::size_t kUartData = 0x00;
constexpr std::size_t kUartFlags = 0x18;
constexpr std::uint32_t kReceiveEmpty = 1u << 4;
constexpr std::uint32_t kTransmitFull = 1u << 5;
constexpr unsigned kReceiveFifo = 16;

constinit SpinLock console_lock{};

void put(char c) noexcept {
  volatile std::byte* uart = device_at(kUartBase);
  while ((arm64::mmio_read<std::uint32_t>(uart + kUartFlags) & kTransmitFull) != 0) arm64::yield();
  arm64::mmio_write<std::uint32_t>(uart + kUartData, static_cast<unsigned char>(c));
}

void put_text(std::string_view text) noexcept {
  for (const char c : text) {
    if (c == '\n') put('\r');
    put(c);
  }
}

void put_number(std::uint64_t value, unsigned base) noexcept {
  char digits[20];
  std::size_t length = 0;
  do {
    digits[length++] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  while (length != 0) put(digits[--length]);
}

void put_argument(const PrintArgument& argument, bool hexadecimal) noexcept {
  if (argument.is_text()) {
    put_text(argument.text());
  } else if (hexadecimal) {
    put_text("0x");
    put_number(argument.number(), 16);
  } else {
    if (argument.negative()) put('-');
    put_number(argument.negative() ? 0 - argument.number() : argument.number(), 10);
  }
}

}  // namespace

void print_arguments(std::string_view format, const PrintArgument* arguments, std::size_t count) noexcept {
  const SpinLock::Holder hold{console_lock};
  std::size_t used = 0;
  while (!format.empty()) {
    const std::size_t plain = format.find('{');
    put_text(format.substr(0, plain));
    if (plain == std::string_view::npos) return;
    const std::size_t close = format.find('}', plain);
    if (close == std::string_view::npos) return;
    const bool hexadecimal = format.substr(plain, close - plain) == "{x";
    if (used < count) {
      put_argument(arguments[used++], hexadecimal);
    } else {
      put('?');
    }
    format.remove_prefix(close + 1);
  }
}

auto typed(char wanted) noexcept -> bool {
  const volatile std::byte* uart = device_at(kUartBase);
  for (unsigned n = 0; n < kReceiveFifo; ++n) {
    if ((arm64::mmio_read<std::uint32_t>(uart + kUartFlags) & kReceiveEmpty) != 0) return false;
    if (static_cast<char>(arm64::mmio_read<std::uint32_t>(uart + kUartData)) == wanted) return true;
  }
  return false;
}

}  // namespace redoubt::guest
