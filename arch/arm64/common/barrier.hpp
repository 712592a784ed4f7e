// SPDX-License-Identifier: Apache-2.0
// Barriers, hints and event waits; legal at EL1 and EL2. Each is also a compiler barrier.
#pragma once

namespace redoubt::arm64 {

inline void isb() noexcept { asm volatile("isb" ::: "memory"); }

inline void dsb_sy() noexcept { asm volatile("dsb sy" ::: "memory"); }
inline void dsb_ish() noexcept { asm volatile("dsb ish" ::: "memory"); }
inline void dsb_ishst() noexcept { asm volatile("dsb ishst" ::: "memory"); }
inline void dsb_nsh() noexcept { asm volatile("dsb nsh" ::: "memory"); }
inline void dmb_sy() noexcept { asm volatile("dmb sy" ::: "memory"); }
inline void dmb_ish() noexcept { asm volatile("dmb ish" ::: "memory"); }

inline void wfi() noexcept { asm volatile("wfi" ::: "memory"); }
inline void wfe() noexcept { asm volatile("wfe" ::: "memory"); }
inline void sev() noexcept { asm volatile("sev" ::: "memory"); }
inline void yield() noexcept { asm volatile("yield" ::: "memory"); }

}  // namespace redoubt::arm64
