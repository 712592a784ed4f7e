// SPDX-License-Identifier: Apache-2.0
// Pages of dead VMs go back; the host's faults; what is at a guest frame.
#pragma once

#include "proofs/spec/common.hpp"

namespace redoubt::spec {

template <State S>
[[nodiscard]] auto reclaim_status(S& state, std::uint64_t pfn) noexcept -> long {
  if (!state.is_ram(pfn)) return RD_E_INVALID;
  const Page page = state.page(pfn);
  if (page.kind == Kind::host || page.kind == Kind::pinned) return RD_E_PERM;
  const Vm& vm = state.vm(page.vm);
  if (vm.life != Life::dead) return RD_E_PERM;
  return page.kind == Kind::meta && vm.mapped != 0 ? long{RD_E_BUSY} : 0;
}

// With the page of a vCPU's state the vCPU goes, and its run page is wholly the host's again.
template <State S>
void drop_vcpu_of(S& state, unsigned slot, std::uint64_t pfn) noexcept {
  for (unsigned i = 0; i < state.vm(slot).nr_vcpus; ++i) {
    Vcpu& vcpu = state.vcpu(slot, i);
    if (!vcpu.exists || vcpu.state != pfn) continue;
    state.set_page(vcpu.run, Page{});
    vcpu = Vcpu{};
  }
}

template <State S>
[[nodiscard]] auto reclaim(S& state, const Request& r) noexcept -> Outcome {
  const auto [first, pages, x2, x3, x4] = r.x;
  if (pages == 0 || pages > kBlock) return {RD_E_INVALID};
  for (std::uint64_t i = 0; i < pages; ++i) {
    const long status = reclaim_status(state, first + i);
    if (status != 0) return i == 0 ? Outcome{status} : Outcome{0, i};
    const Page page = state.page(first + i);
    if (page.kind == Kind::guest) {
      --state.vm(page.vm).mapped;
    } else {
      --state.vm(page.vm).meta;
      drop_vcpu_of(state, page.vm, first + i);
    }
    state.set_page(first + i, Page{});
  }
  return {0, pages};
}

template <State S>
[[nodiscard]] auto host_fault(S& state, const Request& r) noexcept -> Outcome {
  const auto answer = [](Fault fault) noexcept { return Outcome{0, static_cast<std::uint64_t>(fault)}; };
  if (!state.is_ram(r.x[0])) return answer(Fault::inject);
  Page page = state.page(r.x[0]);
  if (page.kind == Kind::host || page.decoy) return answer(Fault::spurious);
  if (page.kind != Kind::guest) return answer(Fault::inject);
  page.decoy = true;
  state.set_page(r.x[0], page);
  return answer(Fault::decoy);
}

template <State S>
[[nodiscard]] auto frame(S& state, const Request& r) noexcept -> Outcome {
  const auto [status, slot] = find_alive(state, r.x[0]);
  if (status != 0) return {status};
  if (r.x[1] >= state.vm(slot).frames()) return {RD_E_INVALID};
  const Cell cell = state.cell(slot, r.x[1]);
  std::uint64_t flags = ripas_of(cell) == Ripas::ram && r.x[1] < state.vm(slot).private_frames() ? kFrameRam : 0;
  if (!cell.mapped) return {0, flags, 0};
  flags |= kFrameMapped | (cell.owned ? kFrameOwned : 0);
  return {0, flags, cell.pfn << 3 | cell.prot};
}

}  // namespace redoubt::spec
