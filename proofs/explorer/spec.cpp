// SPDX-License-Identifier: Apache-2.0
// Life cycle, reclaim and decoys; dispatch.
#include "proofs/explorer/spec.hpp"

#include "proofs/explorer/spec_detail.hpp"

namespace redoubt::explorer {

namespace {

void make_meta(SpecState& state, unsigned slot, std::uint64_t pfn) {
  page_of(state, pfn) = SpecPage{.kind = Kind::meta, .vm = static_cast<std::uint8_t>(slot)};
  ++state.vms[slot].meta;
}

auto budget_fails(const Request& r, int needed) -> bool { return r.hyp_budget >= 0 && r.hyp_budget < needed; }

auto create(SpecState& state, const Request& r) -> Outcome {
  const auto [flags, ipa_bits, root, decoy, nr_vcpus] = r.x;
  if (flags != 0 && flags != RD_VM_PROTECTED && flags != (RD_VM_PROTECTED | RD_VM_RSI)) return {RD_E_INVALID};
  if (ipa_bits < 33 || ipa_bits > 40 || nr_vcpus < 1 || nr_vcpus > RD_MAX_VCPUS) return {RD_E_INVALID};
  if (root % 2 != 0 || decoy == root || decoy == root + 1) return {RD_E_INVALID};
  for (const std::uint64_t pfn : {root, root + 1, decoy}) {
    if (const long status = exclusive_status(state, pfn); status != 0) return {status};
  }
  if (budget_fails(r, 3)) return {RD_E_NO_MEMORY};
  unsigned slot = 0;
  while (state.vms[slot].life != Life::free) ++slot;  // pages run out before slots do
  state.vms[slot] = SpecVm{.life = Life::building, .prot = flags != 0, .nr_vcpus = static_cast<std::uint8_t>(nr_vcpus)};
  for (const std::uint64_t pfn : {root, root + 1, decoy}) make_meta(state, slot, pfn);
  return {0, 0x100U | slot};
}

auto topup(SpecState& state, const Request& r) -> Outcome {
  const auto [status, slot] = find_alive(state, r.x[0]);
  if (status != 0) return {status};
  if (const long bad = exclusive_status(state, r.x[1]); bad != 0) return {bad};
  if (budget_fails(r, 1)) return {RD_E_NO_MEMORY};
  make_meta(state, slot, r.x[1]);
  return {0, ++state.vms[slot].pool};
}

auto change_life(SpecState& state, const Request& r) -> Outcome {
  const bool any = r.call == Call::teardown || r.call == Call::destroy;
  const auto [status, slot] = any ? find(state, r.x[0]) : find_alive(state, r.x[0]);
  if (status != 0) return {status};
  SpecVm& vm = state.vms[slot];
  unsigned created = 0;
  bool loaded = false;
  for (const SpecVcpu& vcpu : vm.vcpus) {
    created += vcpu.exists ? 1 : 0;
    loaded = loaded || vcpu.loaded;
  }
  switch (r.call) {
    case Call::finalise:
      if (vm.life == Life::runnable) return {RD_E_FROZEN};
      if (vm.prot && created == 0) return {RD_E_PERM};
      vm.life = Life::runnable;
      return {};
    case Call::stop: vm.life = Life::stopped; return {};
    case Call::teardown:
      if (vm.life == Life::dead) return {RD_E_DEAD};
      if (loaded) return {RD_E_BUSY};
      vm.life = Life::dead;
      return {};
    default:
      if (vm.life != Life::dead) return {RD_E_PERM};
      if (vm.mapped != 0 || vm.meta != 0) return {RD_E_BUSY};
      vm = SpecVm{};
      return {};
  }
}

auto vcpu_create(SpecState& state, const Request& r) -> Outcome {
  const auto [status, slot] = find_alive(state, r.x[0]);
  if (status != 0) return {status};
  SpecVm& vm = state.vms[slot];
  const auto [handle, index, page, run, x4] = r.x;
  if (vm.prot && vm.life != Life::building) return {RD_E_FROZEN};
  if (index >= vm.nr_vcpus || page == run) return {RD_E_INVALID};
  if (vm.vcpus[index].exists) return {RD_E_EXISTS};
  if (const long bad = exclusive_status(state, page); bad != 0) return {bad};
  if (const long bad = exclusive_status(state, run); bad != 0) return {bad};
  if (budget_fails(r, 2)) return {RD_E_NO_MEMORY};
  make_meta(state, slot, page);
  page_of(state, run).run = true;
  vm.vcpus[index] = SpecVcpu{true, false, number_of(page), number_of(run)};
  return {};
}

auto load_or_put(SpecState& state, const Request& r) -> Outcome {
  const bool load = r.call == Call::vcpu_load;
  const auto [status, slot] = load ? find_alive(state, r.x[0]) : find(state, r.x[0]);
  if (status != 0) return {status};
  SpecVm& vm = state.vms[slot];
  if (r.x[1] >= vm.nr_vcpus || !vm.vcpus[r.x[1]].exists) return {RD_E_NOT_FOUND};
  SpecVcpu& vcpu = vm.vcpus[r.x[1]];
  if (load && vm.life != Life::runnable) return {RD_E_PERM};
  if (load && vcpu.loaded) return {RD_E_BUSY};
  if (!load && !vcpu.loaded) return {RD_E_PERM};
  vcpu.loaded = load;
  return {0, load ? vcpu.state : 0U, load ? vcpu.run : 0U};
}

auto reclaim_status(const SpecState& state, std::uint64_t pfn) -> long {
  if (!is_ram(pfn)) return RD_E_INVALID;
  const SpecPage& page = page_of(state, pfn);
  if (page.kind == Kind::host || page.kind == Kind::pinned) return RD_E_PERM;
  const SpecVm& vm = state.vms[page.vm];
  if (vm.life != Life::dead) return RD_E_PERM;
  return page.kind == Kind::meta && vm.mapped != 0 ? long{RD_E_BUSY} : 0;
}

void reclaim_one(SpecState& state, std::uint64_t pfn) {
  SpecPage& page = page_of(state, pfn);
  SpecVm& vm = state.vms[page.vm];
  if (page.kind == Kind::guest) {
    --vm.mapped;
    for (SpecSlot& slot : vm.slots) {
      if (slot.owned && slot.page == number_of(pfn)) slot = SpecSlot{};
    }
  } else {
    --vm.meta;
    for (SpecVcpu& vcpu : vm.vcpus) {
      if (!vcpu.exists || vcpu.state != number_of(pfn)) continue;
      state.pages[vcpu.run].run = false;
      vcpu = SpecVcpu{};
    }
  }
  page = SpecPage{};
}

auto reclaim(SpecState& state, const Request& r) -> Outcome {
  const auto [first, pages, x2, x3, x4] = r.x;
  if (pages == 0 || pages > 512) return {RD_E_INVALID};
  for (std::uint64_t i = 0; i < pages; ++i) {
    const long status = reclaim_status(state, first + i);
    if (status != 0) return i == 0 ? Outcome{status} : Outcome{0, i};
    reclaim_one(state, first + i);
  }
  return {0, pages};
}

auto host_fault(SpecState& state, const Request& r) -> Outcome {
  enum { inject, decoy, spurious };
  if (!is_ram(r.x[0])) return {0, inject};
  SpecPage& page = page_of(state, r.x[0]);
  if (page.kind == Kind::host || page.decoy) return {0, spurious};
  if (page.kind != Kind::guest) return {0, inject};
  page.decoy = true;
  return {0, decoy};
}

}  // namespace

void normalise(SpecState& state) {
  for (SpecVm& vm : state.vms) {
    if (vm.life != Life::building) vm.next_image = 0;
    if (vm.life != Life::dead) continue;
    for (SpecSlot& slot : vm.slots) {
      if (!slot.mapped || slot.owned) slot = SpecSlot{};
    }
    if (vm.mapped != 0) continue;
    vm.pool = 0;
    vm.depth = {};
  }
}

namespace {

auto dispatch(SpecState& state, const Request& request) -> Outcome {
  switch (request.call) {
    case Call::create: return create(state, request);
    case Call::topup: return topup(state, request);
    case Call::set_ram: return spec_set_ram(state, request);
    case Call::finalise:
    case Call::stop:
    case Call::teardown:
    case Call::destroy: return change_life(state, request);
    case Call::vcpu_create: return vcpu_create(state, request);
    case Call::vcpu_load:
    case Call::vcpu_put: return load_or_put(state, request);
    case Call::donate:
    case Call::donate_image: return spec_donate(state, request);
    case Call::share: return spec_share(state, request);
    case Call::unshare: return spec_unshare(state, request);
    case Call::reclaim: return reclaim(state, request);
    case Call::release:
    case Call::claim:
    case Call::ripas: return spec_range(state, request);
    case Call::page: return spec_page(state, request);
    case Call::host_fault: return host_fault(state, request);
  }
  return {};
}

}  // namespace

auto spec_call(SpecState& state, const Request& request) -> Outcome {
  const Outcome outcome = dispatch(state, request);
  normalise(state);
  return outcome;
}

}  // namespace redoubt::explorer
