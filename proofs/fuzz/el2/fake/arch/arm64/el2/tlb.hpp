// SPDX-License-Identifier: Apache-2.0
// In place of the Arm instructions: there is no TLB. Their order is the business of arch/host's automaton.
#pragma once

#include "base/addr.hpp"

namespace redoubt::arm64 {

inline void tlbi_ipas2e1is(Ipa) noexcept {}
inline void tlbi_vmalle1is() noexcept {}
inline void tlbi_vmalle1() noexcept {}
inline void tlbi_vmalls12e1is() noexcept {}
inline void tlbi_repeat() noexcept {}

}  // namespace redoubt::arm64
