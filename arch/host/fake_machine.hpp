// SPDX-License-Identifier: Apache-2.0
// A machine for core that lives in ordinary memory, remembers everything, and assumes the worst about caches.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "arch/host/bbm_automaton.hpp"
#include "arch/host/fake_ram.hpp"
#include "base/result.hpp"

namespace redoubt::host {

struct Event {
  enum class Kind : std::uint8_t {
    store,
    dsb_ishst,
    dsb_ish,
    isb,
    enter,
    leave,
    tlbi_ipas2e1is,
    tlbi_vmalle1is,
    tlbi_vmalls12e1is,
    tlbi_repeat,
    wipe,
    clean,
    sync_icache,
    sync_devices,
    map_hyp,
    unmap_hyp,
  };
  Kind kind;
  std::uint64_t first = 0;   // address, frame or VMID
  std::uint64_t second = 0;  // descriptor, level or page count

  auto operator==(const Event&) const -> bool = default;
};

// The state behind any number of FakeMachine handles.
class FakeWorld final {
 public:
  FakeWorld(Pfn first, std::uint64_t pages) : ram(first, pages), bbm(ram) {}

  FakeRam ram;
  BbmAutomaton bbm;
  std::vector<Event> history;
  // Called before each event is recorded: what software keeps besides tables can be looked at then.
  std::function<void()> watch;
  // Number of map_hyp calls that still succeed; negative: all.
  int map_hyp_budget = -1;

  // Pages that EL2 has from boot.
  void give_to_hyp(Pfn first, std::uint64_t pages) {
    for (std::uint64_t i = 0; i < pages; ++i) ram.at(first + i).hyp_mapped = true;
  }
  void record(Event::Kind kind, std::uint64_t first = 0, std::uint64_t second = 0) {
    if (watch) watch();
    history.push_back(Event{kind, first, second});
  }
};

// What core holds by value.
class FakeMachine final {
 public:
  FakeMachine() = default;
  explicit FakeMachine(FakeWorld& world) : world_(&world) {}

  auto load(Pa pa) noexcept -> arm64::Descriptor;
  void store(Pa pa, arm64::Descriptor desc) noexcept;
  void dsb_ishst() noexcept;
  void dsb_ish() noexcept;
  void isb() noexcept;
  void enter(Vmid vmid, Pa root) noexcept;
  void leave() noexcept;
  void tlbi_ipas2e1is(Ipa ipa, arm64::Level level) noexcept;
  void tlbi_vmalle1is() noexcept;
  void tlbi_vmalls12e1is() noexcept;
  void tlbi_repeat() noexcept;
  void wipe(Pfn first, std::uint64_t pages) noexcept;
  void clean(Pfn first, std::uint64_t pages) noexcept;
  void sync_icache() noexcept;
  void sync_devices(Pfn first, std::uint64_t pages) noexcept;
  auto map_hyp(Pfn pfn) noexcept -> Result<>;
  void unmap_hyp(Pfn pfn) noexcept;

 private:
  FakeWorld* world_ = nullptr;
};

}  // namespace redoubt::host
