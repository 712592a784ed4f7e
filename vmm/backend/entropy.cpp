// SPDX-License-Identifier: Apache-2.0
#include "vmm/backend/entropy.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>

namespace redoubt::vmm {

auto SystemEntropy::fill(std::span<std::byte> to) -> bool {
  while (!to.empty()) {
    const ssize_t got = ::getrandom(to.data(), to.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to = to.subspan(static_cast<std::size_t>(got));
  }
  return true;
}

}  // namespace redoubt::vmm
