// SPDX-License-Identifier: Apache-2.0
// The life of a VM: create, give tables, finalise, stop, tear down, destroy.
#pragma once

#include <array>
#include <cstdint>

#include "core/ownership/page_moves.hpp"

namespace redoubt::core {

// Arguments of VM_CREATE as the host gave them.
struct VmParams {
  std::uint64_t flags = 0;  // RD_VM_*
  std::uint64_t ipa_bits = 0;
  Pfn root;  // first of RD_VM_ROOT_PAGES, aligned to them
  Pfn decoy;
  std::uint64_t nr_vcpus = 0;
};

namespace detail {

inline constexpr std::uint32_t kCreatePages = RD_VM_ROOT_PAGES + 1;

struct CreatePlan {
  std::array<Pfn, kCreatePages> pages;
  std::array<PageDb::Place, kCreatePages> places;
};

[[nodiscard]] inline auto check_params(const VmParams& params, unsigned max_ipa_bits) noexcept -> Result<> {
  const bool prot = (params.flags & RD_VM_PROTECTED) != 0;
  const bool rsi = (params.flags & RD_VM_RSI) != 0;
  if ((params.flags & ~std::uint64_t{RD_VM_PROTECTED | RD_VM_RSI}) != 0 || (rsi && !prot))
    return Unexpected{Error::INVALID};
  if (params.ipa_bits < RD_MIN_IPA_BITS || params.ipa_bits > max_ipa_bits) return Unexpected{Error::INVALID};
  if (params.nr_vcpus == 0 || params.nr_vcpus > RD_MAX_VCPUS) return Unexpected{Error::INVALID};
  if (!aligned(params.root.value(), RD_VM_ROOT_PAGES)) return Unexpected{Error::INVALID};
  const std::uint64_t offset = params.decoy.value() - params.root.value();
  if (offset < RD_VM_ROOT_PAGES) return Unexpected{Error::INVALID};
  return {};
}

template <Machine M>
[[nodiscard]] auto check_create(const Core<M>& core, const VmParams& params) noexcept -> Result<CreatePlan> {
  RD_TRY(check_params(params, core.config.max_guest_ipa_bits));
  CreatePlan plan{};
  for (std::uint32_t i = 0; i < kCreatePages; ++i) {
    plan.pages[i] = i < RD_VM_ROOT_PAGES ? params.root + i : params.decoy;
    RD_TRY_ASSIGN(place, find_exclusive(core, plan.pages[i]));
    plan.places[i] = place;
  }
  return plan;
}

// All or none.
template <Machine M>
[[nodiscard]] auto map_hyp_all(M& machine, const CreatePlan& plan) noexcept -> Result<> {
  for (std::uint32_t i = 0; i < kCreatePages; ++i) {
    const auto mapped = machine.map_hyp(plan.pages[i]);
    if (mapped) continue;
    for (std::uint32_t j = 0; j < i; ++j) machine.unmap_hyp(plan.pages[j]);
    return mapped;
  }
  return {};
}

}  // namespace detail

// VM_CREATE: the root and decoy pages become EL2's, zeroed. INVALID; PERM: a page is not exclusively the host's; BUSY: no
// slot; NO_MEMORY: EL2's own tables.
template <Machine M>
[[nodiscard]] auto vm_create(Core<M>& core, const VmParams& params) noexcept -> Result<VmHandle> {
  RD_TRY_ASSIGN(plan, detail::check_create(core, params));
  RD_TRY_ASSIGN(vm, core.vms.free_slot());
  RD_TRY(detail::map_hyp_all(core.machine, plan));
  vm->state = VmState::building;
  vm->prot = (params.flags & RD_VM_PROTECTED) != 0;
  vm->rsi = (params.flags & RD_VM_RSI) != 0;
  vm->ipa_bits = static_cast<unsigned>(params.ipa_bits);
  vm->nr_vcpus = static_cast<std::uint32_t>(params.nr_vcpus);
  vm->root = pa_of(params.root);
  vm->decoy = params.decoy;
  for (std::uint32_t i = 0; i < detail::kCreatePages; ++i) take_meta(core, *vm, plan.places[i], plan.pages[i]);
  ++core.counters.vms;
  return vm->handle();
}

// VM_TOPUP: one more page for stage-2 tables; answers how many wait. NOT_FOUND; DEAD; INVALID; PERM; BUSY: pool full;
// NO_MEMORY: EL2's own tables.
template <Machine M>
[[nodiscard]] auto vm_topup(Core<M>& core, VmHandle handle, Pfn pfn) noexcept -> Result<std::uint64_t> {
  RD_TRY_ASSIGN(vm, core.vms.find_alive(handle));
  RD_TRY_ASSIGN(place, find_exclusive(core, pfn));
  if (vm->pool.full()) return Unexpected{Error::BUSY};
  RD_TRY(core.machine.map_hyp(pfn));
  take_meta(core, *vm, place, pfn);
  vm->pool.push(pfn);
  return std::uint64_t{vm->pool.size()};
}

// VM_FINALISE: the initial state is frozen and the VM may run. NOT_FOUND; DEAD; FROZEN: done before; PERM: a protected VM
// has no vCPU.
template <Machine M>
[[nodiscard]] auto vm_finalise(Core<M>& core, VmHandle handle) noexcept -> Result<> {
  RD_TRY_ASSIGN(vm, core.vms.find_alive(handle));
  if (vm->state == VmState::runnable) return Unexpected{Error::FROZEN};
  if (vm->prot && vm->created_vcpus == 0) return Unexpected{Error::PERM};
  vm->state = VmState::runnable;
  return {};
}

// The guest switched itself off or asked for a reset: it cannot run again. NOT_FOUND; DEAD.
template <Machine M>
[[nodiscard]] auto vm_stop(Core<M>& core, VmHandle handle) noexcept -> Result<> {
  RD_TRY_ASSIGN(vm, core.vms.find_alive(handle));
  vm->state = VmState::stopped;
  return {};
}

// VM_TEARDOWN: dead from here on, and no TLB and no instruction cache remembers it. NOT_FOUND; DEAD: already; BUSY: a vCPU is loaded.
template <Machine M>
[[nodiscard]] auto vm_teardown(Core<M>& core, VmHandle handle) noexcept -> Result<> {
  RD_TRY_ASSIGN(vm, core.vms.find(handle));
  if (vm->state == VmState::dead) return Unexpected{Error::DEAD};
  if (vm->loaded_vcpus != 0) return Unexpected{Error::BUSY};
  vm->state = VmState::dead;
  TlbDebt debt{vm->vmid(), vm->root};
  debt.add_table();
  debt.settle(core.machine);
  core.machine.sync_icache();
  return {};
}

// VM_DESTROY: the handle is forgotten. NOT_FOUND; PERM: not torn down; BUSY: it still has pages.
template <Machine M>
[[nodiscard]] auto vm_destroy(Core<M>& core, VmHandle handle) noexcept -> Result<> {
  RD_TRY_ASSIGN(vm, core.vms.find(handle));
  if (vm->state != VmState::dead) return Unexpected{Error::PERM};
  if (vm->mapped_pages != 0 || vm->meta_pages != 0) return Unexpected{Error::BUSY};
  core.vms.release(*vm);
  --core.counters.vms;
  return {};
}

}  // namespace redoubt::core
