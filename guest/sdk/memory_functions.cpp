// SPDX-License-Identifier: Apache-2.0
// The memory functions a compiler may call on its own in a freestanding program, and the two more that <string_view>
// needs. Whole words where both ends are aligned.
#include <cstddef>
#include <cstdint>

namespace {

auto words_possible(std::uintptr_t mixed) noexcept -> bool { return (mixed & 7) == 0; }

}  // namespace

extern "C" {

auto memset(void* to, int value, std::size_t bytes) -> void* {
  auto* at = static_cast<unsigned char*>(to);
  const std::uint64_t word = 0x0101'0101'0101'0101u * static_cast<unsigned char>(value);
  if (words_possible(reinterpret_cast<std::uintptr_t>(at))) {
    for (; bytes >= 8; bytes -= 8, at += 8) *reinterpret_cast<std::uint64_t*>(at) = word;
  }
  for (; bytes != 0; --bytes) *at++ = static_cast<unsigned char>(value);
  return to;
}

auto memcpy(void* to, const void* from, std::size_t bytes) -> void* {
  auto* out = static_cast<unsigned char*>(to);
  const auto* in = static_cast<const unsigned char*>(from);
  if (words_possible(reinterpret_cast<std::uintptr_t>(out) | reinterpret_cast<std::uintptr_t>(in))) {
    for (; bytes >= 8; bytes -= 8, in += 8, out += 8) {
      *reinterpret_cast<std::uint64_t*>(out) = *reinterpret_cast<const std::uint64_t*>(in);
    }
  }
  for (; bytes != 0; --bytes) *out++ = *in++;
  return to;
}

auto memmove(void* to, const void* from, std::size_t bytes) -> void* {
  if (reinterpret_cast<std::uintptr_t>(to) <= reinterpret_cast<std::uintptr_t>(from)) return memcpy(to, from, bytes);
  auto* out = static_cast<unsigned char*>(to) + bytes;
  const auto* in = static_cast<const unsigned char*>(from) + bytes;
  for (; bytes != 0; --bytes) *--out = *--in;
  return to;
}

auto memcmp(const void* left, const void* right, std::size_t bytes) -> int {
  const auto* a = static_cast<const unsigned char*>(left);
  const auto* b = static_cast<const unsigned char*>(right);
  for (; bytes != 0; --bytes, ++a, ++b) {
    if (*a != *b) return *a - *b;
  }
  return 0;
}

auto strlen(const char* text) -> std::size_t {
  std::size_t length = 0;
  while (text[length] != 0) ++length;
  return length;
}

auto memchr(const void* from, int value, std::size_t bytes) -> void* {
  const auto* at = static_cast<const unsigned char*>(from);
  for (; bytes != 0; --bytes, ++at) {
    if (*at == static_cast<unsigned char>(value)) return const_cast<unsigned char*>(at);
  }
  return nullptr;
}

}  // extern "C"
