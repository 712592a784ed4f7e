// SPDX-License-Identifier: Apache-2.0
// Which machines are explored, and every request that is tried in every state of each.
#pragma once

#include <string>
#include <vector>

#include "proofs/explorer/small_state.hpp"
#include "proofs/explorer/symmetry.hpp"

namespace redoubt::explorer {

struct Scenario {
  std::string name;
  Symmetry symmetry;
  std::vector<Request> setup;     // from power-on to the first state; all succeed
  std::vector<Request> requests;  // tried in every state
  bool large = false;             // by its number only
};

[[nodiscard]] auto all_scenarios() -> std::vector<Scenario>;

}  // namespace redoubt::explorer
