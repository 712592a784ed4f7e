// SPDX-License-Identifier: Apache-2.0
// All of core as one translation unit on a machine of declarations. ./rd check compiles it to bitcode with the flags of
// the hypervisor and looks at what core became; it is linked nowhere.
#include "core/core.hpp"
#include "core/ownership/claim.hpp"
#include "core/ownership/donate.hpp"
#include "core/ownership/host_fault.hpp"
#include "core/ownership/query.hpp"
#include "core/ownership/reclaim.hpp"
#include "core/ownership/release.hpp"
#include "core/ownership/share.hpp"
#include "core/smmu/stream_table.hpp"
#include "core/stage2/host_builder.hpp"
#include "core/vm/lifecycle.hpp"
#include "core/vm/vcpu.hpp"
#include "proofs/bitcode/outside_machine.hpp"

namespace redoubt::core {

using proofs::OutsideAllocator;
using proofs::OutsideMachine;
using proofs::OutsideMeasure;
using OutsideCore = Core<OutsideMachine>;

template auto vm_create(OutsideCore&, const VmParams&) noexcept -> Result<VmHandle>;
template auto vm_topup(OutsideCore&, VmHandle, Pfn) noexcept -> Result<std::uint64_t>;
template auto vm_set_ram(OutsideCore&, VmHandle, Gfn, std::uint64_t) noexcept -> Result<std::uint64_t>;
template auto vm_finalise(OutsideCore&, VmHandle) noexcept -> Result<>;
template auto vm_stop(OutsideCore&, VmHandle) noexcept -> Result<>;
template auto vm_teardown(OutsideCore&, VmHandle) noexcept -> Result<>;
template auto vm_destroy(OutsideCore&, VmHandle) noexcept -> Result<>;

template auto vcpu_create(OutsideCore&, VmHandle, VcpuIndex, Pfn, Pfn) noexcept -> Result<>;
template auto vcpu_load(OutsideCore&, VmHandle, VcpuIndex) noexcept -> Result<LoadedVcpu>;
template auto vcpu_put(OutsideCore&, VmHandle, VcpuIndex) noexcept -> Result<>;

template auto mem_donate(OutsideCore&, VmHandle, Gfn, Pfn, std::uint64_t) noexcept -> Result<>;
template auto mem_donate_image(OutsideCore&, VmHandle, Gfn, Pfn, const OutsideMeasure&) noexcept -> Result<>;
template auto mem_share(OutsideCore&, VmHandle, Gfn, Pfn, std::uint64_t, std::uint64_t) noexcept -> Result<>;
template auto mem_unshare(OutsideCore&, VmHandle, Gfn, std::uint64_t) noexcept -> Result<std::uint64_t>;
template auto page_reclaim(OutsideCore&, Pfn, std::uint64_t) noexcept -> Result<std::uint64_t>;
template auto guest_claim(OutsideCore&, VmHandle, Gfn, Gfn, bool) noexcept -> Result<GuestProgress>;
template auto guest_release(OutsideCore&, VmHandle, Gfn, Gfn) noexcept -> Result<GuestProgress>;

template auto guest_ripas(OutsideCore&, VmHandle, Gfn, Gfn) noexcept -> Result<RipasRun>;
template auto guest_page(OutsideCore&, VmHandle, Gfn) noexcept -> Result<GuestPage>;
template auto host_mapped(const OutsideCore&, Pfn) noexcept -> bool;
template auto host_fault(OutsideCore&, Pfn) noexcept -> HostFault;
template auto host_share_hyp(OutsideCore&, Pfn) noexcept -> Result<>;
template auto host_unshare_hyp(OutsideCore&, Pfn) noexcept -> Result<>;

template auto build_host_tables(OutsideMachine&, const PageDb&, const HostLayout&, std::span<const MmioWindow>,
                                OutsideAllocator&) noexcept -> Result<HostTables>;

// The SMMU's words, as boot asks for them.
auto smmu_words(const smmu::Identity& id, const smmu::HostStage2& host, Pa table) noexcept -> Result<std::uint64_t> {
  if (smmu::unusable(id) != nullptr) return Unexpected{Error::NOT_SUPPORTED};
  RD_TRY_ASSIGN(entry, smmu::stream_entry(host, id));
  return entry[2] + smmu::stream_bits(id) + smmu::first_level(table) + smmu::forget_page(Ipa{table.value()})[1];
}

// What only boot and hyp call.
auto boot_and_queries(std::span<PageEntry> entries, VmTable& vms, PageStack& pool, const Geometry& geometry,
                      std::uint64_t n) noexcept -> Result<std::uint64_t> {
  std::construct_at(&vms);
  pool.clear();
  PageDb pages{entries};
  RD_TRY(pages.add_region(Pfn{n}, n));
  RD_TRY(pages.pin_for_hyp(Pfn{n}, n));
  pages.lend_for_ever(Pfn{n}, Pfn{n});
  RD_TRY_ASSIGN(prot, Prot::make(n));
  return pages.pages() + pages.at(PageIndex{0}).word() + prot.bits() + geometry.t0sz() + geometry.sl0() +
         geometry.root_bytes();
}

}  // namespace redoubt::core
