// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Result<T>: the one way a fallible function reports; the numbers are those of abi/error.h.
#pragma once

#include <expected>

#include "abi/error.h"

namespace redoubt {

#define RD_ERROR_ENUMERATOR(name, number, text) name = (number),
enum class [[nodiscard]] Error : int { RD_ERROR_TABLE(RD_ERROR_ENUMERATOR) };
#undef RD_ERROR_ENUMERATOR

template <class T = void>
using Result = std::expected<T, Error>;

using Unexpected = std::unexpected<Error>;

// The number that goes into x0.
[[nodiscard]] constexpr auto status_of(Error error) noexcept -> long { return static_cast<long>(error); }

}  // namespace redoubt

// Propagates an error, drops the value. The one control-flow macro besides RD_TRY_ASSIGN.
#define RD_TRY(expression)                                   \
  do {                                                       \
    if (auto rd_try_result = (expression); !rd_try_result) { \
      return ::redoubt::Unexpected{rd_try_result.error()};   \
    }                                                        \
  } while (false)

// Declares `name` as the value, or propagates the error.
#define RD_TRY_ASSIGN(name, expression)                                    \
  auto rd_try_##name = (expression);                                       \
  if (!rd_try_##name) return ::redoubt::Unexpected{rd_try_##name.error()}; \
  auto name = *rd_try_##name
