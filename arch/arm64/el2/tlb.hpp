// SPDX-License-Identifier: Apache-2.0
// TLB maintenance by EL2 (Arm ARM D8.17). Stage-2 operations act on the VMID in VTTBR_EL2.
#pragma once

#include <cstdint>

#include "base/addr.hpp"

namespace redoubt::arm64 {

// One stage-2 page or block of the loaded VMID; IPA[51:12] in bits [39:0].
inline void tlbi_ipas2e1is(Ipa ipa) noexcept {
  asm volatile("tlbi ipas2e1is, %0" : : "r"(ipa.value() >> kPageShift) : "memory");
}
// Combined stage-1 and stage-2 entries of the loaded VMID.
inline void tlbi_vmalle1is() noexcept { asm volatile("tlbi vmalle1is" ::: "memory"); }
inline void tlbi_vmalle1() noexcept { asm volatile("tlbi vmalle1" ::: "memory"); }
inline void tlbi_vmalls12e1is() noexcept { asm volatile("tlbi vmalls12e1is" ::: "memory"); }
inline void tlbi_alle1is() noexcept { asm volatile("tlbi alle1is" ::: "memory"); }
inline void tlbi_alle2() noexcept { asm volatile("tlbi alle2" ::: "memory"); }
// One page of EL2's own translation, this CPU or all.
inline void tlbi_vae2(std::uint64_t va) noexcept {
  asm volatile("tlbi vae2, %0" : : "r"((va >> kPageShift) & 0xfff'ffff'ffff) : "memory");
}
inline void tlbi_vae2is(std::uint64_t va) noexcept {
  asm volatile("tlbi vae2is, %0" : : "r"((va >> kPageShift) & 0xfff'ffff'ffff) : "memory");
}
// Second TLBI and DSB of the "repeat TLBI" errata (Cortex-A76 1286807 and relatives): any VALE2IS will do.
inline void tlbi_repeat() noexcept { asm volatile("tlbi vale2is, xzr" ::: "memory"); }

}  // namespace redoubt::arm64
