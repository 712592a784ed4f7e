// SPDX-License-Identifier: Apache-2.0
// `redoubt attack`: attacks a protected VM on this very machine in every way a compromised host could.
#pragma once

namespace redoubt::vmm::attack {

// argv[0] is "attack". Answers the exit code: 0 all attacks defended and the guest unharmed, 1 not, 2 wrong usage.
[[nodiscard]] auto run_command(int argc, const char* const* argv) -> int;

}  // namespace redoubt::vmm::attack
