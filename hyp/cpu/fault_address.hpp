// SPDX-License-Identifier: Apache-2.0
// The intermediate physical address of a stage-2 fault taken to EL2.
#pragma once

#include <cstdint>
#include <optional>

#include "base/addr.hpp"

namespace redoubt::hyp {

// Of the fault just taken, whose ESR_EL2 is `syndrome`. HPFAR_EL2 holds it for translation faults and for faults of a
// stage-1 walk only (Arm ARM D19.2.69); after a permission fault the address is translated again, which can fail if the
// tables changed meanwhile: nothing then, and the instruction is to be tried again.
[[nodiscard]] auto fault_address(std::uint64_t syndrome) noexcept -> std::optional<Ipa>;

}  // namespace redoubt::hyp
