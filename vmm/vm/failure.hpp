// SPDX-License-Identifier: Apache-2.0
// How the VMM ends: the exit codes a script can rely on, and the error that stops a VM from starting.
#pragma once

#include <cstring>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

namespace redoubt::vmm {

// Documented in `redoubt run --help`. A signal that ends the VMM gives 128 + its number, as a shell would.
enum class ExitCode : int {
  kGuestOff = 0,
  kFailure = 1,
  kUsage = 2,
  kGuestReset = 3,
  kGuestFault = 4,
};

// Thrown while a VM is put together, never on a path a running guest can reach. what() is a whole sentence for the
// user: what is wrong and, where there is one, the cure.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Failure(fmt::format(format, std::forward<Args>(args)...));
}

[[nodiscard]] inline auto errno_text(int error) -> std::string { return std::strerror(error); }

}  // namespace redoubt::vmm
