// SPDX-License-Identifier: Apache-2.0
// What the real tables and PageDb mean, in the specification's terms: proofs/oracle reads them, with walks of its own.
#include "proofs/explorer/world.hpp"
#include "proofs/oracle/abstraction.hpp"

namespace redoubt::explorer {

auto World::meaning() -> SpecState {
  oracle::Abstraction<TinyMachine> real{core_};
  SpecState state;
  for (unsigned number = 0; number < kPages; ++number) {
    spec::Page& page = state.pages[number];
    page = real.page(kFirstFrame + number);
    const bool hyp_maps = (memory_.hyp_mapped >> number & 1) != 0;
    if (hyp_maps != (page.kind == Kind::pinned || page.kind == Kind::meta || page.run)) page.torn = true;
  }
  for (unsigned slot = 0; slot < kSpecVms; ++slot) {
    auto& [vm, cells, vcpus] = state.vms[slot];
    vm = real.vm(slot);
    for (unsigned i = 0; i < kSpecVcpus; ++i) vcpus[i] = real.vcpu(slot, i);
    for (unsigned i = 0; i < kSlots; ++i) cells[i] = real.cell(slot, (i / 2) * kHalf + i % 2);
  }
  state.normalise();
  return state;
}

}  // namespace redoubt::explorer
