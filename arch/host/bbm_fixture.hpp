// SPDX-License-Identifier: Apache-2.0
// Two hand-made stage 2 trees on the fake machine, for tests of the automaton.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "arch/host/fake_machine.hpp"

namespace redoubt::host {

namespace s2 = arm64::s2;
using arm64::Level;

inline constexpr Vmid kHost{0};
inline constexpr Vmid kGuest{1};

class Bbm : public testing::Test {
 protected:
  Bbm() {
    world.give_to_hyp(Pfn{0}, 16);
    table(pa(0), pa(2), Level::L1);
    table(pa(2), pa(3), Level::L2);
    for (std::uint64_t pfn = 16; pfn < 32; ++pfn) m.store(leaf_slot(3, pfn), page(pfn));
    table(pa(4), pa(5), Level::L1);
    table(pa(5), pa(6), Level::L2);
    m.dsb_ishst();
    world.bbm.add_root(kHost, pa(0), Level::L1, 1);
    world.bbm.add_root(kGuest, pa(4), Level::L1, 1);
    EXPECT_TRUE(quiet());
    world.bbm.begin_call();
  }

  static auto pa(std::uint64_t pfn) -> Pa { return pa_of(Pfn{pfn}); }
  static auto leaf_slot(std::uint64_t table, std::uint64_t frame) -> Pa { return pa(table) + frame % 512 * 8; }
  static auto page(std::uint64_t pfn) -> arm64::Descriptor { return s2::make_leaf(Pfn{pfn}, Level::L3, 0x400); }
  void table(Pa slot, Pa child, Level) { m.store(slot, s2::make_table(child)); }

  void invalidate(Vmid vmid, std::uint64_t root, std::uint64_t frame, Level level = Level::L3) {
    m.enter(vmid, pa(root));
    m.dsb_ishst();
    m.tlbi_ipas2e1is(ipa_of(Gfn{frame}), level);
    m.dsb_ish();
    m.tlbi_vmalle1is();
    m.dsb_ish();
    m.tlbi_repeat();
    m.isb();
    m.leave();
    if (vmid == kHost) m.sync_devices(Pfn{frame}, arm64::entry_pages(level));
  }
  void invalidate_all(Vmid vmid, std::uint64_t root) {
    m.enter(vmid, pa(root));
    m.dsb_ishst();
    m.tlbi_vmalls12e1is();
    m.dsb_ish();
    m.tlbi_repeat();
    m.isb();
    m.leave();
    if (vmid == kHost) m.sync_devices(Pfn{0}, 0);
  }
  void unmap_host(std::uint64_t pfn) { m.store(leaf_slot(3, pfn), 0); }
  [[nodiscard]] auto quiet() const -> bool { return world.bbm.violations().empty(); }
  [[nodiscard]] auto complains(const std::string& what) const -> bool {
    for (const std::string& violation : world.bbm.violations()) {
      if (violation.find(what) != std::string::npos) return true;
    }
    return false;
  }

  FakeWorld world{Pfn{0}, 2048};
  FakeMachine m{world};
};

}  // namespace redoubt::host
