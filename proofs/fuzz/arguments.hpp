// SPDX-License-Identifier: Apache-2.0
// A fuzzer's input as arguments of calls. Beyond the end everything reads as zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

namespace redoubt::fuzz {

class Arguments {
 public:
  Arguments(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  [[nodiscard]] auto done() const -> bool { return rest_.empty(); }
  [[nodiscard]] auto rest() const -> std::span<const std::uint8_t> { return rest_; }

  auto byte() -> std::uint8_t {
    if (rest_.empty()) return 0;
    const std::uint8_t value = rest_.front();
    rest_ = rest_.subspan(1);
    return value;
  }
  // Below n; n >= 1.
  auto pick(std::uint64_t n) -> unsigned { return static_cast<unsigned>((n > 256 ? word(4) : byte()) % n); }
  auto coin() -> bool { return (byte() & 1) != 0; }
  auto word(unsigned bytes = 8) -> std::uint64_t {
    std::uint64_t value = 0;
    for (unsigned n = 0; n < bytes; ++n) value |= std::uint64_t{byte()} << (8 * n);
    return value;
  }
  template <class T>
  auto one_of(std::initializer_list<T> choices) -> T {
    return choices.begin()[pick(choices.size())];
  }
  // Any 64-bit number, most often one near 0, near a power of two or near the top: where range checks go wrong.
  auto number() -> std::uint64_t {
    const std::uint8_t kind = byte();
    if (kind < 0x60) return kind;
    if (kind < 0xe0) return (std::uint64_t{1} << (kind & 63U)) + byte() - 128;
    return kind < 0xf0 ? ~std::uint64_t{byte()} : word();
  }

 private:
  std::span<const std::uint8_t> rest_;
};

}  // namespace redoubt::fuzz
