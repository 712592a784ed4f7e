// SPDX-License-Identifier: Apache-2.0
// A function that on one path forgets the TLB after an unmapping: the compiler must say so.
#include "arch/host/fake_machine.hpp"
#include "core/ownership/page_moves.hpp"

namespace redoubt::core {

using TestCore = Core<host::FakeMachine>;

auto forget(TestCore& core, const PageDb::Place& place, Pfn pfn, bool early) noexcept -> bool {
  TlbDebt debt{kHostVmid, core.host.root};
  host_unmap_page(core.machine, core.host, place.block, pfn, debt);
  if (early) return false;
  debt.settle(core.machine);
  return true;
}

}  // namespace redoubt::core
