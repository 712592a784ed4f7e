// SPDX-License-Identifier: Apache-2.0
// What the host kernel said meanwhile.
#pragma once

#include <string>
#include <vector>

#include "vmm/vm/unique_fd.hpp"

namespace redoubt::vmm::attack {

// Lines of /dev/kmsg from construction on.
class KernelLog {
 public:
  KernelLog();
  // Lines that tell of an oops, a warning, a lock-up or corruption; each line is looked at once.
  [[nodiscard]] auto complaints() -> std::vector<std::string>;

 private:
  UniqueFd fd_;
};

}  // namespace redoubt::vmm::attack
