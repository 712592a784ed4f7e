// SPDX-License-Identifier: Apache-2.0
// A window: the one way EL2 touches memory it does not own. Each CPU has a virtual page and a virtual 2 MiB block for it;
// the mapping lives as long as the object, so that no guest page stays readable at EL2 (and to speculation) longer than
// the work takes.
#pragma once

#include <cstdint>
#include <span>

#include "base/addr.hpp"
#include "hyp/cpu/per_cpu.hpp"

namespace redoubt::hyp {

// One at a time per CPU and size; nesting two of one size is a bug and is checked.
class Window {
 public:
  // pages: 1, or kBlockPages with `first` 2 MiB aligned.
  explicit Window(Pfn first, std::uint64_t pages = 1) noexcept;
  ~Window();
  Window(const Window&) = delete;
  auto operator=(const Window&) -> Window& = delete;

  [[nodiscard]] auto va() const noexcept -> std::uint64_t { return va_; }
  [[nodiscard]] auto data() const noexcept -> void* { return reinterpret_cast<void*>(va_); }
  [[nodiscard]] auto page() const noexcept -> std::span<std::byte, kPageSize> {
    return std::span<std::byte, kPageSize>{reinterpret_cast<std::byte*>(va_), kPageSize};
  }

 private:
  volatile std::uint64_t* entry_;
  std::uint64_t va_;
};

}  // namespace redoubt::hyp
