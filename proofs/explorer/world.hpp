// SPDX-License-Identifier: Apache-2.0
// The real core on the tiny machine: runs requests, saves and restores itself, and says what its tables mean.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "core/core.hpp"
#include "core/ownership/invariants.hpp"
#include "proofs/explorer/small_state.hpp"
#include "proofs/explorer/tiny_machine.hpp"

namespace redoubt::explorer {

class World {
 public:
  World();
  World(const World&) = delete;
  auto operator=(const World&) -> World& = delete;

  [[nodiscard]] auto run(const Request& request) -> Outcome;

  // Everything that matters, as bytes; equal states give equal bytes.
  [[nodiscard]] auto save() const -> std::string;
  void load(const std::string& bytes);

  // Between mark() and rewind() lies one call.
  void mark();
  void rewind();
  [[nodiscard]] auto changed() const -> bool;

  // The state in the specification's terms, read from PageDb and by a walk of its own through the real tables. A table
  // that contradicts PageDb gives a state that no specification has.
  [[nodiscard]] auto meaning() -> SpecState;

  // Content: the host's pages and the guests' hold marks; a page that changes hands must have lost them.
  [[nodiscard]] auto content_error(const SpecState& before, const SpecState& after, bool image) const -> const char*;
  void put_marks(const SpecState& state);

  [[nodiscard]] auto audit_error() -> unsigned { return static_cast<unsigned>(core::audit(core_, std::span{tally_})); }
  [[nodiscard]] auto wild() const -> bool { return memory_.wild; }

 private:
  TinyMemory memory_;
  std::array<core::PageEntry, kPages> entries_{};
  std::array<std::uint16_t, 1> mapped_{};
  std::array<core::PageTally, kPages> tally_{};
  core::Core<TinyMachine> core_{};

  struct Saved {
    std::array<core::PageEntry, kPages> entries;
    std::array<std::uint16_t, 1> mapped;
    std::array<core::Vm, kSpecVms> vms;
    core::Counters counters;
    std::uint32_t hyp_mapped;
  } saved_{};
};

}  // namespace redoubt::explorer
