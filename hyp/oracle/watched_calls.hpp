// SPDX-License-Identifier: Apache-2.0
// Every call of core that changes or tells something, as an overload for the watched core: a non-template is preferred to
// core's template, so hyp's sources stay as they are. docs/debugging.md lists how a missing one is noticed.
#pragma once

#include "hyp/oracle/watched_core.hpp"
#include "proofs/oracle/perform.hpp"

namespace redoubt::hyp {

template <class F>
[[nodiscard]] auto watch(WatchedCore& core, const spec::Request& request, F&& call) noexcept {
  oracle_begin(core, request);
  auto result = call(static_cast<core::Core<WatchedMachine>&>(core));
  oracle_end(oracle::outcome_of(result));
  return result;
}

}  // namespace redoubt::hyp

namespace redoubt::core {

using hyp::watch;
using hyp::WatchedCore;
using spec::Call;

[[nodiscard]] inline auto vm_create(WatchedCore& core, const VmParams& p) noexcept -> Result<VmHandle> {
  const spec::Request request{Call::create, {p.flags, p.ipa_bits, p.root.value(), p.decoy.value(), p.nr_vcpus}};
  return watch(core, request, [&](auto& c) noexcept { return vm_create(c, p); });
}
[[nodiscard]] inline auto vm_topup(WatchedCore& core, VmHandle vm, Pfn pfn) noexcept -> Result<std::uint64_t> {
  return watch(core, {Call::topup, {vm.value(), pfn.value()}}, [&](auto& c) noexcept { return vm_topup(c, vm, pfn); });
}
[[nodiscard]] inline auto vm_set_ram(WatchedCore& core, VmHandle vm, Gfn first, std::uint64_t pages) noexcept
    -> Result<std::uint64_t> {
  return watch(core, {Call::set_ram, {vm.value(), first.value(), pages}},
               [&](auto& c) noexcept { return vm_set_ram(c, vm, first, pages); });
}
[[nodiscard]] inline auto vm_finalise(WatchedCore& core, VmHandle vm) noexcept -> Result<> {
  return watch(core, {Call::finalise, {vm.value()}}, [&](auto& c) noexcept { return vm_finalise(c, vm); });
}
[[nodiscard]] inline auto vm_stop(WatchedCore& core, VmHandle vm) noexcept -> Result<> {
  return watch(core, {Call::stop, {vm.value()}}, [&](auto& c) noexcept { return vm_stop(c, vm); });
}
[[nodiscard]] inline auto vm_teardown(WatchedCore& core, VmHandle vm) noexcept -> Result<> {
  return watch(core, {Call::teardown, {vm.value()}}, [&](auto& c) noexcept { return vm_teardown(c, vm); });
}
[[nodiscard]] inline auto vm_destroy(WatchedCore& core, VmHandle vm) noexcept -> Result<> {
  return watch(core, {Call::destroy, {vm.value()}}, [&](auto& c) noexcept { return vm_destroy(c, vm); });
}

[[nodiscard]] inline auto vcpu_create(WatchedCore& core, VmHandle vm, VcpuIndex index, Pfn state, Pfn run) noexcept
    -> Result<> {
  return watch(core, {Call::vcpu_create, {vm.value(), index.value(), state.value(), run.value()}},
               [&](auto& c) noexcept { return vcpu_create(c, vm, index, state, run); });
}
[[nodiscard]] inline auto vcpu_load(WatchedCore& core, VmHandle vm, VcpuIndex index) noexcept -> Result<LoadedVcpu> {
  return watch(core, {Call::vcpu_load, {vm.value(), index.value()}},
               [&](auto& c) noexcept { return vcpu_load(c, vm, index); });
}
[[nodiscard]] inline auto vcpu_put(WatchedCore& core, VmHandle vm, VcpuIndex index) noexcept -> Result<> {
  return watch(core, {Call::vcpu_put, {vm.value(), index.value()}},
               [&](auto& c) noexcept { return vcpu_put(c, vm, index); });
}

[[nodiscard]] inline auto mem_donate(WatchedCore& core, VmHandle vm, Gfn gfn, Pfn pfn, std::uint64_t pages) noexcept
    -> Result<> {
  return watch(core, {Call::donate, {vm.value(), gfn.value(), pfn.value(), pages}},
               [&](auto& c) noexcept { return mem_donate(c, vm, gfn, pfn, pages); });
}
template <std::invocable<Pfn> Measure>
[[nodiscard]] auto mem_donate_image(WatchedCore& core, VmHandle vm, Gfn gfn, Pfn pfn, Measure&& measure) noexcept
    -> Result<> {
  return watch(core, {Call::donate_image, {vm.value(), gfn.value(), pfn.value()}},
               [&](auto& c) noexcept { return mem_donate_image(c, vm, gfn, pfn, measure); });
}
[[nodiscard]] inline auto mem_share(WatchedCore& core, VmHandle vm, Gfn gfn, Pfn pfn, std::uint64_t pages,
                                    std::uint64_t prot) noexcept -> Result<> {
  return watch(core, {Call::share, {vm.value(), gfn.value(), pfn.value(), pages, prot}},
               [&](auto& c) noexcept { return mem_share(c, vm, gfn, pfn, pages, prot); });
}
[[nodiscard]] inline auto mem_unshare(WatchedCore& core, VmHandle vm, Gfn gfn, std::uint64_t pages) noexcept
    -> Result<std::uint64_t> {
  return watch(core, {Call::unshare, {vm.value(), gfn.value(), pages}},
               [&](auto& c) noexcept { return mem_unshare(c, vm, gfn, pages); });
}
[[nodiscard]] inline auto page_reclaim(WatchedCore& core, Pfn first, std::uint64_t pages) noexcept
    -> Result<std::uint64_t> {
  return watch(core, {Call::reclaim, {first.value(), pages}},
               [&](auto& c) noexcept { return page_reclaim(c, first, pages); });
}
[[nodiscard]] inline auto host_fault(WatchedCore& core, Pfn pfn) noexcept -> HostFault {
  return watch(core, {Call::host_fault, {pfn.value()}}, [&](auto& c) noexcept { return host_fault(c, pfn); });
}

[[nodiscard]] inline auto guest_release(WatchedCore& core, VmHandle vm, Gfn first, Gfn end) noexcept
    -> Result<GuestProgress> {
  return watch(core, {Call::release, {vm.value(), first.value(), end.value()}},
               [&](auto& c) noexcept { return guest_release(c, vm, first, end); });
}
[[nodiscard]] inline auto guest_claim(WatchedCore& core, VmHandle vm, Gfn first, Gfn end, bool destroyed_ok) noexcept
    -> Result<GuestProgress> {
  return watch(core, {Call::claim, {vm.value(), first.value(), end.value(), destroyed_ok ? 1U : 0U}},
               [&](auto& c) noexcept { return guest_claim(c, vm, first, end, destroyed_ok); });
}
[[nodiscard]] inline auto guest_ripas(WatchedCore& core, VmHandle vm, Gfn first, Gfn end) noexcept -> Result<RipasRun> {
  return watch(core, {Call::ripas, {vm.value(), first.value(), end.value()}},
               [&](auto& c) noexcept { return guest_ripas(c, vm, first, end); });
}
[[nodiscard]] inline auto guest_page(WatchedCore& core, VmHandle vm, Gfn gfn) noexcept -> Result<GuestPage> {
  return watch(core, {Call::page, {vm.value(), gfn.value()}}, [&](auto& c) noexcept { return guest_page(c, vm, gfn); });
}

}  // namespace redoubt::core
