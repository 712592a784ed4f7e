// SPDX-License-Identifier: Apache-2.0
// Two states that differ only in which of several interchangeable pages plays which part behave alike; one is explored.
#pragma once

#include <string>
#include <vector>

#include "proofs/explorer/small_state.hpp"

namespace redoubt::explorer {

// Pages that may be exchanged with each other, as aligned groups of `group` pages: whole groups may be exchanged, and the
// pages inside one (a VM's root is an aligned pair).
struct Symmetry {
  unsigned first = 0;
  unsigned count = 0;
  unsigned group = 1;
};

// The same bytes for all states that are equal up to the symmetry, different bytes for all others.
[[nodiscard]] auto canonical(const SpecState& state, const Symmetry& symmetry) -> std::string;

}  // namespace redoubt::explorer
