// SPDX-License-Identifier: Apache-2.0
// `redoubt run` after its options were understood: terminal, signals, machine, exit code.
#pragma once

#include "vmm/vm/config.hpp"

namespace redoubt::vmm {

// Runs one VM in the foreground. Answers the process's exit code; throws Failure if the VM cannot start.
[[nodiscard]] auto run_vm(const MachineConfig& config) -> int;

}  // namespace redoubt::vmm
