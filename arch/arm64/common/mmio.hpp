// SPDX-License-Identifier: Apache-2.0
// Device register accesses. Inline assembly with a plain base register: a compiler may choose a load or store pair or
// write-back form for a volatile access, and those trap with ISV = 0, which no hypervisor can emulate (Arm ARM
// D24.2.40).
#pragma once

#include <concepts>
#include <cstdint>

namespace redoubt::arm64 {

template <std::unsigned_integral T>
[[nodiscard]] inline auto mmio_read(const volatile void* address) noexcept -> T {
  if constexpr (sizeof(T) == 8) {
    std::uint64_t value;
    asm volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return value;
  } else {
    std::uint32_t value;
    if constexpr (sizeof(T) == 4) asm volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    if constexpr (sizeof(T) == 2) asm volatile("ldrh %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    if constexpr (sizeof(T) == 1) asm volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return static_cast<T>(value);
  }
}

template <std::unsigned_integral T>
inline void mmio_write(volatile void* address, std::type_identity_t<T> value) noexcept {
  if constexpr (sizeof(T) == 8) {
    asm volatile("str %x0, [%1]" ::"rZ"(value), "r"(address) : "memory");
  } else {
    const std::uint32_t word = value;
    if constexpr (sizeof(T) == 4) asm volatile("str %w0, [%1]" ::"rZ"(word), "r"(address) : "memory");
    if constexpr (sizeof(T) == 2) asm volatile("strh %w0, [%1]" ::"rZ"(word), "r"(address) : "memory");
    if constexpr (sizeof(T) == 1) asm volatile("strb %w0, [%1]" ::"rZ"(word), "r"(address) : "memory");
  }
}

}  // namespace redoubt::arm64
