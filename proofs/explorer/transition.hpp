// SPDX-License-Identifier: Apache-2.0
// One call on the real core, judged: it must answer what the specification answers, end in the state the specification
// ends in, wipe what changes hands, and leave no trace if it fails. Invariants are the caller's to check, once for each state.
#pragma once

#include <cstring>
#include <optional>

#include "proofs/explorer/world.hpp"

namespace redoubt::explorer {

struct Transition {
  const char* wrong = nullptr;  // what rule was broken; null: none
  Outcome got, wanted;
  bool changed = false;  // the world is in another state: put_marks() or rewind() is due
  std::optional<SpecState>
      after;  // if changed; none if `before` is too small to describe it: only the answer was judged
};

// Byte by byte first: most calls fail and change nothing, and this comparison is most of what the explorer does.
[[nodiscard]] inline auto same(const SpecState& a, const SpecState& b) -> bool {
  return std::memcmp(static_cast<const void*>(&a), static_cast<const void*>(&b), sizeof(SpecState)) == 0 || a == b;
}

// `before` is the world's meaning, and the world was marked. `scratch` equals `before`, and does so again afterwards.
[[nodiscard]] inline auto take_transition(World& world, const SpecState& before, SpecState& scratch,
                                          const Request& request) -> Transition {
  Transition t;
  t.wanted = spec::run(scratch, request);
  t.got = world.run(request);
  t.changed = world.changed();
  if (t.got != t.wanted) t.wrong = "answer differs from the specification";
  if (world.wild()) t.wrong = "access outside EL2's pages";
  if (t.changed && t.got.status != 0) t.wrong = "a failed call left a trace";
  if (t.wanted.status != 0 || !t.changed) {
    if (t.wrong == nullptr && !same(scratch, before)) {
      scratch.normalise();
      if (!scratch.outside && scratch != before) t.wrong = "state differs from the specification";
      scratch = before;
    }
    return t;
  }
  scratch.normalise();
  if (t.wrong == nullptr && !scratch.outside) {
    t.after = world.meaning();
    if (!same(*t.after, scratch)) t.wrong = "state differs from the specification";
    if (t.wrong == nullptr) t.wrong = world.content_error(before, *t.after, request.call == Call::donate_image);
  }
  scratch = before;
  return t;
}

}  // namespace redoubt::explorer
