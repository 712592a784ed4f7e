// SPDX-License-Identifier: Apache-2.0
#include "proofs/prover/locals.hpp"

namespace redoubt::prover {
namespace {

auto bytes_of(const Value& value) -> unsigned {
  if (const Word* const word = value.word(); word != nullptr) return (word->bits() + 7) / 8;
  return 8;
}

}  // namespace

auto Locals::create(std::uint64_t bytes, bool constant) -> Pointer {
  objects_.push_back({std::vector<Byte>(bytes), constant});
  return Pointer{kFirstLocal + static_cast<Object>(objects_.size() - 1), 0, {}, {}};
}

auto Locals::block(const Pointer& at, std::uint64_t bytes) const -> const Block& {
  if (!at.steps.empty()) throw Unsupported{"a symbolic index into a stack object"};
  const Block& found = objects_.at(at.object - kFirstLocal);
  if (at.offset > found.bytes.size() || bytes > found.bytes.size() - at.offset)
    throw Refuted{"access outside a stack object"};
  return found;
}

auto Locals::writable(const Pointer& at, std::uint64_t bytes) -> Block& {
  if (block(at, bytes).constant) throw Refuted{"a write to a constant"};
  return objects_.at(at.object - kFirstLocal);
}

auto Locals::load(const Pointer& at, unsigned bytes) const -> Value {
  const Block& from = block(at, bytes);
  const Byte& first = from.bytes[at.offset];
  bool whole = first.value && first.at == 0 && bytes_of(*first.value) == bytes;
  for (unsigned i = 0; i < bytes; ++i) {
    const Byte& each = from.bytes[at.offset + i];
    if (!each.value) return Undefined{bytes * 8};
    whole = whole && each.value == first.value && each.at == i;
  }
  if (whole) return *first.value;
  if (bytes > 8) throw Unsupported{"a load of more than a word"};
  Word word{0, 0};
  for (unsigned i = bytes; i-- > 0;) {
    const Byte& each = from.bytes[at.offset + i];
    const Word* const value = each.value->word();
    if (value == nullptr) throw Unsupported{"part of a pointer is read"};
    const Word byte = part(widen(*value, bytes_of(*each.value) * 8), each.at * 8, 8);
    word = i + 1 == bytes ? byte : join(word, byte);
  }
  return word;
}

void Locals::store(const Pointer& at, unsigned bytes, const Value& value) {
  Block& to = writable(at, bytes);
  const auto shared = value.undefined() ? nullptr : std::make_shared<const Value>(value);
  for (unsigned i = 0; i < bytes; ++i) to.bytes[at.offset + i] = Byte{shared, i};
}

void Locals::fill(const Pointer& at, std::uint64_t bytes, std::uint8_t byte) {
  Block& to = writable(at, bytes);
  const auto shared = std::make_shared<const Value>(Word{byte, 8});
  for (std::uint64_t i = 0; i < bytes; ++i) to.bytes[at.offset + i] = Byte{shared, 0};
}

void Locals::copy(const Pointer& to, const Pointer& from, std::uint64_t bytes) {
  const Block& source = block(from, bytes);
  const std::vector<Byte> kept(source.bytes.begin() + static_cast<std::ptrdiff_t>(from.offset),
                               source.bytes.begin() + static_cast<std::ptrdiff_t>(from.offset + bytes));
  Block& target = writable(to, bytes);
  for (std::uint64_t i = 0; i < bytes; ++i) target.bytes[to.offset + i] = kept[i];
}

}  // namespace redoubt::prover
