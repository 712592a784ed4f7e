// SPDX-License-Identifier: Apache-2.0
#include "proofs/prover/arrays.hpp"

namespace redoubt::prover {
namespace {

// The element at a symbolic place of a run: the code's loops write first + i * step.
auto element(const std::vector<Word>& values, const Word& index) -> Word {
  if (index.known()) return values[index.value()];
  if (values.size() == 1) return values[0];
  const Word step = values[1] - values[0];
  if (!step.known()) throw Unsupported{"a run of words without a constant step"};
  for (std::size_t i = 2; i < values.size(); ++i) {
    if (!(values[i] - values[i - 1]).same(step)) throw Unsupported{"a run of words without a constant step"};
  }
  return values[0] + widen(index, 64) * step;
}

}  // namespace

auto NumberArray::now(const Word& index) -> Word {
  for (auto write = log_.rbegin(); write != log_.rend(); ++write) {
    if (engine_.branch(write->index == index)) return write->value;
  }
  return initial(index);
}

auto PageMemory::now(const Word& frame, const Word& index) -> Word {
  for (auto write = log_.rbegin(); write != log_.rend(); ++write) {
    if (!engine_.branch(write->frame == frame)) continue;
    if (write->values.empty()) return Word{0};
    const Word offset = index - write->first;
    const std::size_t count = write->values.size();
    if (count == 512) return element(write->values, offset);
    const Flag inside = count == 1 ? index == write->first : offset < Word{count, 9};
    if (engine_.branch(inside)) return element(write->values, offset);
  }
  return initial(frame, index);
}

void PageMemory::set(const Word& frame, const Word& index, const Word& value) {
  if (!log_.empty() && index.known()) {
    Write& last = log_.back();
    const bool next =
        last.first.known() && !last.values.empty() && last.first.value() + last.values.size() == index.value();
    if (next && last.frame.same(frame)) {
      last.values.push_back(value);
      return;
    }
  }
  log_.push_back({frame, index, {value}});
}

}  // namespace redoubt::prover
