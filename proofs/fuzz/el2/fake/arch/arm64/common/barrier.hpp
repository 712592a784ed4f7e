// SPDX-License-Identifier: Apache-2.0
// In place of the Arm instructions: one CPU, nothing to order.
#pragma once

namespace redoubt::arm64 {

inline void isb() noexcept {}
inline void dsb_sy() noexcept {}
inline void dsb_ish() noexcept {}
inline void dsb_ishst() noexcept {}
inline void dsb_nsh() noexcept {}

}  // namespace redoubt::arm64
