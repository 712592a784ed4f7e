// SPDX-License-Identifier: Apache-2.0
// What core asks of the world. At EL2 each member is one instruction or a short loop; on the host it is the
// hostile fake of arch/host; under proof it acts on symbolic memory. Core holds one M by value.
#pragma once

#include <concepts>
#include <cstdint>

#include "arch/arm64_defs/stage2_desc.hpp"
#include "base/addr.hpp"
#include "base/result.hpp"

namespace redoubt::core {

using arm64::Descriptor;
using arm64::Level;

// load(pa), store(pa, d)   One descriptor of a page EL2 owns and has mapped; pa is 8-aligned; store is single-copy atomic.
// dsb_ishst, dsb_ish, isb  The barriers of those names.
// enter(vmid, root)        Makes `root` with `vmid` the stage 2 under which TLBIs act (VTTBR_EL2; ISB); leave() restores
//                          what was there. Not nested. VMID 0 is the host. A no-op if it is loaded already.
// tlbi_ipas2e1is(ipa, l)   TLBI IPAS2E1IS with TTL hint: the leaf for `ipa` was at level l.
// tlbi_vmalle1is           Stage-1 and combined entries of the loaded VMID.
// tlbi_vmalls12e1is        All entries of the loaded VMID.
// tlbi_repeat              TLBI VALE2IS, XZR; DSB ISH: the step that completes an earlier TLBI on CPUs with the
//                          repeat-TLBI errata; done on all.
// wipe(first, pages)       Zeroes the pages; cleans and invalidates them to PoC after and, without FWB, before. No stage 2
//                          maps them. pages is 1, or kBlockPages from an aligned first.
// clean(first, pages)      Clean and invalidate to PoC. Same ranges as wipe.
// sync_icache              Every CPU forgets the instructions it has cached; nothing if CTR_EL0.DIC. Once for a page that
//                          nobody can execute from (its TLB debt is settled) before someone else may; for a page that
//                          its owner keeps while a guest gets it too, after clean. wipe and clean reach PoU on the way.
// sync_devices(first, pages)  Every SMMU forgets these frames of the host's stage 2 (pages = 0: all frames) and has ended what
//                          it had begun through them. After the CPUs' TLB maintenance.
// map_hyp(pfn)             Makes load/store work for a page; NO_MEMORY leaves no trace.
// unmap_hyp(pfn)           Undoes it, with EL2's own TLBI.
template <class M>
concept Machine =
    requires(M& m, Pa pa, Descriptor desc, Vmid vmid, Ipa ipa, Level level, Pfn pfn, std::uint64_t pages) {
      { m.load(pa) } noexcept -> std::same_as<Descriptor>;
      { m.store(pa, desc) } noexcept -> std::same_as<void>;
      { m.dsb_ishst() } noexcept -> std::same_as<void>;
      { m.dsb_ish() } noexcept -> std::same_as<void>;
      { m.isb() } noexcept -> std::same_as<void>;
      { m.enter(vmid, pa) } noexcept -> std::same_as<void>;
      { m.leave() } noexcept -> std::same_as<void>;
      { m.tlbi_ipas2e1is(ipa, level) } noexcept -> std::same_as<void>;
      { m.tlbi_vmalle1is() } noexcept -> std::same_as<void>;
      { m.tlbi_vmalls12e1is() } noexcept -> std::same_as<void>;
      { m.tlbi_repeat() } noexcept -> std::same_as<void>;
      { m.wipe(pfn, pages) } noexcept -> std::same_as<void>;
      { m.clean(pfn, pages) } noexcept -> std::same_as<void>;
      { m.sync_icache() } noexcept -> std::same_as<void>;
      { m.sync_devices(pfn, pages) } noexcept -> std::same_as<void>;
      { m.map_hyp(pfn) } noexcept -> std::same_as<Result<>>;
      { m.unmap_hyp(pfn) } noexcept -> std::same_as<void>;
    };

}  // namespace redoubt::core
