// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// A value that came from the host, a guest or a file and has not been validated.
#pragma once

#include <concepts>
#include <utility>

namespace redoubt {

// The only way to the value is to name what makes it acceptable. There is no accessor that just returns it.
template <class T>
class Untrusted {
 public:
  constexpr explicit Untrusted(T value) noexcept : value_(value) {}

  // validator: T -> Result<Strong>.
  template <class Validator>
  [[nodiscard]] constexpr auto validated_by(Validator&& validator) const noexcept {
    return std::forward<Validator>(validator)(value_);
  }

 private:
  T value_;
};

}  // namespace redoubt
