// SPDX-License-Identifier: Apache-2.0
// VMs and vCPUs come, run and go.
#pragma once

#include "proofs/spec/common.hpp"

namespace redoubt::spec {

template <State S>
void make_meta(S& state, unsigned slot, std::uint64_t pfn) noexcept {
  state.set_page(pfn, Page{.kind = Kind::meta, .vm = static_cast<std::uint8_t>(slot)});
  ++state.vm(slot).meta;
}

[[nodiscard]] inline auto budget_fails(const Request& r, int needed) noexcept -> bool {
  return r.hyp_budget >= 0 && r.hyp_budget < needed;
}

template <State S>
[[nodiscard]] auto create(S& state, const Request& r) noexcept -> Outcome {
  const auto [flags, ipa_bits, root, decoy, nr_vcpus] = r.x;
  if (flags != 0 && flags != RD_VM_PROTECTED && flags != (RD_VM_PROTECTED | RD_VM_RSI)) return {RD_E_INVALID};
  if (ipa_bits < RD_MIN_IPA_BITS || ipa_bits > state.max_ipa_bits()) return {RD_E_INVALID};
  if (nr_vcpus < 1 || nr_vcpus > RD_MAX_VCPUS) return {RD_E_INVALID};
  if (root % 2 != 0 || decoy == root || decoy == root + 1) return {RD_E_INVALID};
  for (const std::uint64_t pfn : {root, root + 1, decoy}) {
    if (const long status = exclusive_status(state, pfn); status != 0) return {status};
  }
  unsigned slot = 0;
  while (slot < state.slots() && state.vm(slot).life != Life::free) ++slot;
  if (slot == state.slots()) return {RD_E_BUSY};
  if (budget_fails(r, 3)) return {RD_E_NO_MEMORY};
  Vm& vm = state.vm(slot);
  vm = Vm{.life = Life::building,
          .prot = flags != 0,
          .rsi = (flags & RD_VM_RSI) != 0,
          .ipa_bits = static_cast<std::uint8_t>(ipa_bits),
          .nr_vcpus = static_cast<std::uint8_t>(nr_vcpus),
          .root = root,
          .decoy = decoy,
          .generation = vm.generation};
  for (const std::uint64_t pfn : {root, root + 1, decoy}) make_meta(state, slot, pfn);
  return {0, vm.generation << 8 | slot};
}

template <State S>
[[nodiscard]] auto topup(S& state, const Request& r) noexcept -> Outcome {
  const auto [status, slot] = find_alive(state, r.x[0]);
  if (status != 0) return {status};
  if (const long bad = exclusive_status(state, r.x[1]); bad != 0) return {bad};
  if (state.vm(slot).pool == RD_VM_POOL_PAGES) return {RD_E_BUSY};
  if (budget_fails(r, 1)) return {RD_E_NO_MEMORY};
  make_meta(state, slot, r.x[1]);
  return {0, ++state.vm(slot).pool};
}

template <State S>
[[nodiscard]] auto finalise_or_stop(S& state, const Request& r) noexcept -> Outcome {
  const auto [status, slot] = find_alive(state, r.x[0]);
  if (status != 0) return {status};
  Vm& vm = state.vm(slot);
  if (r.call == Call::stop) {
    vm.life = Life::stopped;
    return {};
  }
  bool created = false;
  for (unsigned i = 0; i < vm.nr_vcpus; ++i) created = created || state.vcpu(slot, i).exists;
  if (vm.life == Life::runnable) return {RD_E_FROZEN};
  if (vm.prot && !created) return {RD_E_PERM};
  vm.life = Life::runnable;
  return {};
}

template <State S>
[[nodiscard]] auto teardown(S& state, const Request& r) noexcept -> Outcome {
  const auto [status, slot] = find(state, r.x[0]);
  if (status != 0) return {status};
  Vm& vm = state.vm(slot);
  if (vm.life == Life::dead) return {RD_E_DEAD};
  for (unsigned i = 0; i < vm.nr_vcpus; ++i) {
    if (state.vcpu(slot, i).loaded) return {RD_E_BUSY};
  }
  vm.life = Life::dead;
  return {};
}

template <State S>
[[nodiscard]] auto destroy(S& state, const Request& r) noexcept -> Outcome {
  const auto [status, slot] = find(state, r.x[0]);
  if (status != 0) return {status};
  Vm& vm = state.vm(slot);
  if (vm.life != Life::dead) return {RD_E_PERM};
  if (vm.mapped != 0 || vm.meta != 0) return {RD_E_BUSY};
  vm = Vm{.generation = vm.generation + 1};
  return {};
}

template <State S>
[[nodiscard]] auto vcpu_create(S& state, const Request& r) noexcept -> Outcome {
  const auto [status, slot] = find_alive(state, r.x[0]);
  if (status != 0) return {status};
  const Vm& vm = state.vm(slot);
  const auto [handle, index, page, run, x4] = r.x;
  if (vm.prot && vm.life != Life::building) return {RD_E_FROZEN};
  if (index >= vm.nr_vcpus || page == run) return {RD_E_INVALID};
  if (state.vcpu(slot, index).exists) return {RD_E_EXISTS};
  if (const long bad = exclusive_status(state, page); bad != 0) return {bad};
  if (const long bad = exclusive_status(state, run); bad != 0) return {bad};
  if (budget_fails(r, 2)) return {RD_E_NO_MEMORY};
  make_meta(state, slot, page);
  state.set_page(run, Page{.run = true});
  state.vcpu(slot, index) = Vcpu{true, false, page, run};
  return {};
}

template <State S>
[[nodiscard]] auto vcpu_load_or_put(S& state, const Request& r) noexcept -> Outcome {
  const bool load = r.call == Call::vcpu_load;
  const auto [status, slot] = load ? find_alive(state, r.x[0]) : find(state, r.x[0]);
  if (status != 0) return {status};
  const Vm& vm = state.vm(slot);
  if (r.x[1] >= vm.nr_vcpus || !state.vcpu(slot, r.x[1]).exists) return {RD_E_NOT_FOUND};
  Vcpu& vcpu = state.vcpu(slot, r.x[1]);
  if (load && vm.life != Life::runnable) return {RD_E_PERM};
  if (load && vcpu.loaded) return {RD_E_BUSY};
  if (!load && !vcpu.loaded) return {RD_E_PERM};
  vcpu.loaded = load;
  return {0, load ? vcpu.state : 0, load ? vcpu.run : 0};
}

}  // namespace redoubt::spec
