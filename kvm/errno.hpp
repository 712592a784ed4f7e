// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Linux error numbers (asm-generic, the same on every architecture) and the one map from Redoubt's own.
#pragma once

#include <expected>

#include "abi/error.h"

namespace redoubt::kvm {

// Values are positive; shim functions return them negated, as the kernel does.
enum class [[nodiscard]] Errno : int {
  kPerm = 1,
  kNoEnt = 2,
  kIo = 5,
  kNxIo = 6,
  k2Big = 7,
  kNoExec = 8,
  kNoMem = 12,
  kFault = 14,
  kBusy = 16,
  kExist = 17,
  kNoDev = 19,
  kInval = 22,
  kNoSpc = 28,
  kNoSys = 38,
};

template <class T = void>
using KvmResult = std::expected<T, Errno>;
using KvmError = std::unexpected<Errno>;

// 0 for success, else a negative Linux errno, from the status of a hypercall (abi/error.h).
[[nodiscard]] constexpr auto linux_status(long status) noexcept -> int {
  const auto negative = [](Errno error) { return -static_cast<int>(error); };
  switch (status) {
    case RD_E_OK: return 0;
    case RD_E_NOT_SUPPORTED: return negative(Errno::kNoSys);
    case RD_E_INVALID: return negative(Errno::kInval);
    case RD_E_PERM: return negative(Errno::kPerm);
    case RD_E_NO_MEMORY: return negative(Errno::kNoMem);
    case RD_E_BUSY: return negative(Errno::kBusy);
    case RD_E_NOT_FOUND: return negative(Errno::kNoEnt);
    case RD_E_EXISTS: return negative(Errno::kExist);
    case RD_E_FROZEN: return negative(Errno::kPerm);
    case RD_E_DEAD: return negative(Errno::kIo);
    default: return negative(Errno::kIo);
  }
}

template <class T>
[[nodiscard]] constexpr auto status_of(const KvmResult<T>& result) noexcept -> int {
  return result ? 0 : -static_cast<int>(result.error());
}

}  // namespace redoubt::kvm
