// SPDX-License-Identifier: Apache-2.0
// Clearing secrets when their owner is done. What this cannot reach are copies that the compiler made in registers and
// on the stack: whoever gives a stack away that has carried secrets wipes all of it.
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

namespace redoubt::crypto {

// Zeroes the bytes. The compiler may not leave it out, even if nobody reads them again.
void wipe(std::span<std::byte> bytes) noexcept;

// The object's whole storage; it is dead or about to be assigned.
template <class T>
  requires std::is_standard_layout_v<T> || std::is_trivially_copyable_v<T>
void wipe_object(T& object) noexcept {
  wipe(std::as_writable_bytes(std::span{&object, 1}));
}

// A local variable that is wiped at the end of its scope, whichever way the scope is left.
template <class T>
class Wiped {
 public:
  template <class... Args>
  explicit Wiped(Args&&... args) noexcept : value_{std::forward<Args>(args)...} {}
  ~Wiped() noexcept { wipe_object(value_); }
  Wiped(const Wiped&) = delete;
  auto operator=(const Wiped&) -> Wiped& = delete;

  [[nodiscard]] auto operator*() noexcept -> T& { return value_; }
  [[nodiscard]] auto operator*() const noexcept -> const T& { return value_; }
  [[nodiscard]] auto operator->() noexcept -> T* { return &value_; }
  [[nodiscard]] auto operator->() const noexcept -> const T* { return &value_; }

 private:
  static_assert(std::is_trivially_destructible_v<T>);
  T value_;
};

}  // namespace redoubt::crypto
