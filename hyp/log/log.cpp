// SPDX-License-Identifier: Apache-2.0
#include "hyp/log/log.hpp"

#include <atomic>
#include <cstddef>

#include "arch/arm64/el2/spinlock.hpp"

namespace redoubt::hyp {
namespace {

constexpr std::uint64_t kRingBytes = 32768;
constexpr std::uint32_t kConsolePatience = 1'000'000;  // polls of a full transmit FIFO before a byte is dropped

// Plain arrays: the bounds checks of std::array end in a log line, and this is where log lines are made.
constinit char ring[kRingBytes]{};
constinit std::uint64_t written = 0;  // bytes ever written; ring position is this modulo its size
constinit arm64::SpinLock lock;
constinit std::atomic<bool> lockless{false};
constinit std::uint64_t console = 0;
constinit bool console_active = false;

// PL011 (Arm DDI 0183): data register and flag register, whose bit 5 says that the transmit FIFO is full.
void console_put(char byte) noexcept {
  volatile std::uint32_t* const data = reinterpret_cast<volatile std::uint32_t*>(console);
  volatile std::uint32_t* const flags = reinterpret_cast<volatile std::uint32_t*>(console + 0x18);
  for (std::uint32_t poll = 0; poll < kConsolePatience; ++poll) {
    if ((*flags & 0x20) == 0) break;
  }
  *data = static_cast<unsigned char>(byte);
}

void put(char byte) noexcept {
  ring[written % kRingBytes] = byte;
  ++written;
  if (!console_active) return;
  if (byte == '\n') console_put('\r');
  console_put(byte);
}

void put(std::string_view text) noexcept {
  const char* const bytes = text.data();
  for (std::size_t n = 0; n < text.size(); ++n) put(bytes[n]);
}

void put_number(std::uint64_t number, unsigned base) noexcept {
  char digits[20];
  unsigned count = 0;
  do {
    digits[count++] = "0123456789abcdef"[number % base];
    number /= base;
  } while (number != 0);
  while (count > 0) put(digits[--count]);
}

}  // namespace

void LogArgument::write() const noexcept {
  switch (kind_) {
    case Kind::TEXT: put(text_); break;
    case Kind::DECIMAL: put_number(number_, 10); break;
    case Kind::HEX:
      put("0x");
      put_number(number_, 16);
      break;
  }
}

void log_line(std::string_view format, std::span<const LogArgument> arguments) noexcept {
  const bool locked = !lockless.load(std::memory_order_relaxed);
  if (locked) lock.acquire();
  put("redoubt: ");
  const char* const text = format.data();
  const LogArgument* next = arguments.data();
  const LogArgument* const end = next + arguments.size();
  for (std::size_t at = 0; at < format.size(); ++at) {
    if (text[at] == '{' && at + 1 < format.size() && text[at + 1] == '}' && next != end) {
      (next++)->write();
      ++at;
    } else {
      put(text[at]);
    }
  }
  put('\n');
  if (locked) lock.release();
}

auto log_copy(std::uint64_t& from, std::span<char> out) noexcept -> std::uint64_t {
  lock.acquire();
  const std::uint64_t oldest = written > kRingBytes ? written - kRingBytes : 0;
  if (from < oldest || from > written) from = oldest;
  std::uint64_t count = 0;
  char* const to = out.data();
  while (count < out.size() && from < written) to[count++] = ring[from++ % kRingBytes];
  lock.release();
  return count;
}

void console_attach(std::uint64_t pl011_va) noexcept {
  console = pl011_va;
  console_active = pl011_va != 0;
}

void console_release() noexcept { console_active = false; }

void log_without_lock() noexcept { lockless.store(true, std::memory_order_relaxed); }

void console_seize() noexcept { console_active = console != 0; }

}  // namespace redoubt::hyp
