// SPDX-License-Identifier: Apache-2.0
// How a VM came to its end.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "vmm/vm/failure.hpp"

namespace redoubt::vmm {

struct Ending {
  int code = 0;         // what the process exits with: an ExitCode or 128 + a signal
  std::string message;  // one sentence for the user; empty if there is nothing to say
};

// KVM_EXIT_SYSTEM_EVENT, in words. type: KVM_SYSTEM_EVENT_*; data: what KVM added.
[[nodiscard]] auto ending_of_system_event(unsigned vcpu, std::uint32_t type, std::span<const std::uint64_t> data,
                                          bool is_protected) -> Ending;

// The same ending of a guest whose console said before that its kernel panicked, for this reason.
[[nodiscard]] auto ending_after_panic(Ending ending, const std::string& reason) -> Ending;

}  // namespace redoubt::vmm
