// SPDX-License-Identifier: Apache-2.0
// The memory routines the compiler calls by itself, in words where alignment allows.
#include <cstddef>
#include <cstdint>

extern "C" {

void* memset(void* to, int value, std::size_t bytes) noexcept {
  auto* at = static_cast<unsigned char*>(to);
  const std::uint64_t word = static_cast<unsigned char>(value) * 0x0101'0101'0101'0101ULL;
  for (; bytes > 0 && (reinterpret_cast<std::uintptr_t>(at) & 7) != 0; --bytes)
    *at++ = static_cast<unsigned char>(value);
  for (; bytes >= 16; bytes -= 16, at += 16) asm volatile("stp %1, %1, [%0]" : : "r"(at), "r"(word) : "memory");
  for (; bytes > 0; --bytes) *at++ = static_cast<unsigned char>(value);
  return to;
}

void* memcpy(void* __restrict to, const void* __restrict from, std::size_t bytes) noexcept {
  auto* out = static_cast<unsigned char*>(to);
  const auto* in = static_cast<const unsigned char*>(from);
  if (((reinterpret_cast<std::uintptr_t>(out) | reinterpret_cast<std::uintptr_t>(in)) & 7) == 0) {
    for (; bytes >= 8; bytes -= 8, out += 8, in += 8) {
      std::uint64_t word;
      asm volatile("ldr %0, [%1]" : "=r"(word) : "r"(in) : "memory");
      asm volatile("str %0, [%1]" : : "r"(word), "r"(out) : "memory");
    }
  }
  for (; bytes > 0; --bytes) *out++ = *in++;
  return to;
}

void* memmove(void* to, const void* from, std::size_t bytes) noexcept {
  auto* out = static_cast<unsigned char*>(to);
  const auto* in = static_cast<const unsigned char*>(from);
  if (out <= in || out >= in + bytes) {
    for (; bytes > 0; --bytes) *out++ = *in++;
  } else {
    for (; bytes > 0; --bytes) out[bytes - 1] = in[bytes - 1];
  }
  return to;
}

int memcmp(const void* a, const void* b, std::size_t bytes) noexcept {
  const auto* x = static_cast<const unsigned char*>(a);
  const auto* y = static_cast<const unsigned char*>(b);
  for (; bytes > 0; --bytes, ++x, ++y) {
    if (*x != *y) return *x < *y ? -1 : 1;
  }
  return 0;
}

void* memchr(const void* in, int value, std::size_t bytes) noexcept {
  const auto* at = static_cast<const unsigned char*>(in);
  for (; bytes > 0; --bytes, ++at) {
    if (*at == static_cast<unsigned char>(value)) return const_cast<unsigned char*>(at);
  }
  return nullptr;
}

std::size_t strlen(const char* text) noexcept {
  std::size_t length = 0;
  while (text[length] != '\0') ++length;
  return length;
}

}  // extern "C"
