// SPDX-License-Identifier: Apache-2.0
// What must hold when an entry point has returned: the invariant everywhere, if anything was written at all.
#pragma once

#include <string>

#include "proofs/prover/world.hpp"

namespace redoubt::prover {

// Proves each goal for the present state of the path. Refuted names the first that fails, with the place.
void prove_invariant(World& world);

// That counts kept by the code change as what they count does; `vm` is the VM whose counts, global sums aside, are asked for.
void prove_counts(World& world);

// The names of the goals, and what is not proved: rules of core/ownership/invariants.hpp without a goal, machines left out.
[[nodiscard]] auto goal_names() -> std::vector<std::string>;
[[nodiscard]] auto limits() -> std::vector<std::string>;

}  // namespace redoubt::prover
