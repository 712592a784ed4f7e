// SPDX-License-Identifier: Apache-2.0
// A request of the specification as the call of core that it stands for, and core's results as outcomes.
#pragma once

#include "core/ownership/claim.hpp"
#include "core/ownership/donate.hpp"
#include "core/ownership/host_fault.hpp"
#include "core/ownership/query.hpp"
#include "core/ownership/reclaim.hpp"
#include "core/ownership/release.hpp"
#include "core/ownership/share.hpp"
#include "core/vm/lifecycle.hpp"
#include "core/vm/vcpu.hpp"
#include "proofs/spec/request.hpp"

namespace redoubt::oracle {

using spec::Outcome;

[[nodiscard]] inline auto values_of(std::uint64_t value) noexcept -> Outcome { return {0, value}; }
[[nodiscard]] inline auto values_of(core::VmHandle handle) noexcept -> Outcome { return {0, handle.value()}; }
[[nodiscard]] inline auto values_of(const core::GuestProgress& progress) noexcept -> Outcome {
  return {0, progress.reached.value(), progress.tables_needed};
}
[[nodiscard]] inline auto values_of(const core::RipasRun& run) noexcept -> Outcome {
  return {0, run.end.value(), static_cast<std::uint64_t>(run.ripas)};
}
[[nodiscard]] inline auto values_of(const core::LoadedVcpu& vcpu) noexcept -> Outcome {
  return {0, vcpu.state.value(), vcpu.run.value()};
}
[[nodiscard]] inline auto values_of(const core::GuestPage& page) noexcept -> Outcome {
  const std::uint64_t ram = page.ripas == core::Ripas::ram ? spec::kFrameRam : 0;
  if (!page.mapped) return {0, ram, 0};
  return {0, ram | spec::kFrameMapped | (page.owned ? spec::kFrameOwned : 0), page.pfn.value() << 3 | page.prot.bits()};
}

[[nodiscard]] inline auto outcome_of(core::HostFault fault) noexcept -> Outcome {
  return {0, static_cast<std::uint64_t>(fault)};
}
[[nodiscard]] inline auto outcome_of(const Result<>& result) noexcept -> Outcome {
  return {result ? 0 : status_of(result.error())};
}
template <class T>
[[nodiscard]] auto outcome_of(const Result<T>& result) noexcept -> Outcome {
  return result ? values_of(*result) : Outcome{status_of(result.error())};
}

namespace detail {

// Calls whose first argument is a VM, about its memory.
template <class C>
[[nodiscard]] auto perform_memory(C& core, const spec::Request& r) noexcept -> Outcome {
  const core::VmHandle vm{r.x[0]};
  const Gfn gfn{r.x[1]};
  switch (r.call) {
    case spec::Call::set_ram: return outcome_of(core::vm_set_ram(core, vm, gfn, r.x[2]));
    case spec::Call::donate: return outcome_of(core::mem_donate(core, vm, gfn, Pfn{r.x[2]}, r.x[3]));
    case spec::Call::donate_image:
      return outcome_of(core::mem_donate_image(core, vm, gfn, Pfn{r.x[2]}, [](Pfn) noexcept {}));
    case spec::Call::share: return outcome_of(core::mem_share(core, vm, gfn, Pfn{r.x[2]}, r.x[3], r.x[4]));
    case spec::Call::unshare: return outcome_of(core::mem_unshare(core, vm, gfn, r.x[2]));
    case spec::Call::release: return outcome_of(core::guest_release(core, vm, gfn, Gfn{r.x[2]}));
    case spec::Call::claim: return outcome_of(core::guest_claim(core, vm, gfn, Gfn{r.x[2]}, r.x[3] != 0));
    case spec::Call::ripas: return outcome_of(core::guest_ripas(core, vm, gfn, Gfn{r.x[2]}));
    default: return outcome_of(core::guest_page(core, vm, gfn));
  }
}

}  // namespace detail

template <class C>
[[nodiscard]] auto perform(C& core, const spec::Request& r) noexcept -> Outcome {
  const core::VmHandle vm{r.x[0]};
  const core::VcpuIndex index{r.x[1]};
  switch (r.call) {
    case spec::Call::create:
      return outcome_of(core::vm_create(core, core::VmParams{r.x[0], r.x[1], Pfn{r.x[2]}, Pfn{r.x[3]}, r.x[4]}));
    case spec::Call::topup: return outcome_of(core::vm_topup(core, vm, Pfn{r.x[1]}));
    case spec::Call::finalise: return outcome_of(core::vm_finalise(core, vm));
    case spec::Call::stop: return outcome_of(core::vm_stop(core, vm));
    case spec::Call::teardown: return outcome_of(core::vm_teardown(core, vm));
    case spec::Call::destroy: return outcome_of(core::vm_destroy(core, vm));
    case spec::Call::vcpu_create: return outcome_of(core::vcpu_create(core, vm, index, Pfn{r.x[2]}, Pfn{r.x[3]}));
    case spec::Call::vcpu_load: return outcome_of(core::vcpu_load(core, vm, index));
    case spec::Call::vcpu_put: return outcome_of(core::vcpu_put(core, vm, index));
    case spec::Call::reclaim: return outcome_of(core::page_reclaim(core, Pfn{r.x[0]}, r.x[1]));
    case spec::Call::host_fault: return outcome_of(core::host_fault(core, Pfn{r.x[0]}));
    default: return detail::perform_memory(core, r);
  }
}

}  // namespace redoubt::oracle
