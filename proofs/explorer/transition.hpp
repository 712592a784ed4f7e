// SPDX-License-Identifier: Apache-2.0
// One call on the real core, judged: it must answer what the specification answers, end in the state the specification
// ends in, keep every invariant, wipe what changes hands, and leave no trace if it fails.
#pragma once

#include "proofs/explorer/world.hpp"

namespace redoubt::explorer {

struct Transition {
  const char* wrong = nullptr;  // what rule was broken; null: none
  Outcome got, wanted;
  bool changed = false;  // the world is in another state: put_marks() or rewind() is due
  bool outside = false;  // the call did what `before` is too small to describe: only the answer was judged
  SpecState after;
};

// `before` is the world's meaning, and the world was marked.
[[nodiscard]] inline auto take_transition(World& world, const SpecState& before, const Request& request) -> Transition {
  Transition t;
  SpecState expected = before;
  t.wanted = spec::run(expected, request);
  expected.normalise();
  t.got = world.run(request);
  t.changed = world.changed();
  t.outside = expected.outside;
  if (t.got != t.wanted) t.wrong = "answer differs from the specification";
  if (world.wild()) t.wrong = "access outside EL2's pages";
  if (t.changed && t.got.status != 0) t.wrong = "a failed call left a trace";
  if (t.wrong != nullptr || t.outside) return t;
  t.after = t.changed ? world.meaning() : before;
  if (t.after != expected) t.wrong = "state differs from the specification";
  if (t.wrong != nullptr || !t.changed) return t;
  t.wrong = world.content_error(before, t.after, request.call == Call::donate_image);
  if (t.wrong == nullptr && world.audit_error() != 0) t.wrong = "invariant broken";
  return t;
}

}  // namespace redoubt::explorer
