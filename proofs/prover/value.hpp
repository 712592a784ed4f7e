// SPDX-License-Identifier: Apache-2.0
// What a register of the bitcode holds: a number, a pointer with the object it came from, or several of them.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "proofs/prover/word.hpp"

namespace redoubt::prover {

// The core object, its two arrays, table memory by physical address, an integer that never was a pointer; from
// kFirstLocal on the objects of the path: stack variables, constants and arguments.
using Object = unsigned;
inline constexpr Object kNoObject = 0;
inline constexpr Object kCore = 1;
inline constexpr Object kEntries = 2;
inline constexpr Object kMapped = 3;
inline constexpr Object kTables = 4;
inline constexpr Object kFirstLocal = 16;

// One dimension of an access: element `index` of an array whose elements are `stride` bytes apart.
struct Step {
  Word index;
  std::uint64_t stride = 0;
};

struct Pointer {
  Object object = kNoObject;
  std::uint64_t offset = 0;
  std::vector<Step> steps{};  // indices that are not numbers
  Word address{};             // kTables, kNoObject: the integer it was made from
};

struct Undefined {
  unsigned bits = 0;
  // LLVM's undef, which may be computed with: each use sees a number of its own. Anything else must not be used at all.
  bool any_number = false;
};

struct Value {
  std::variant<Undefined, Word, Pointer, std::vector<Value>> held = Undefined{};

  Value() = default;
  Value(Undefined undefined) : held(undefined) {}
  Value(Word word) : held(std::move(word)) {}
  Value(Pointer pointer) : held(std::move(pointer)) {}
  Value(std::vector<Value> parts) : held(std::move(parts)) {}

  [[nodiscard]] auto word() const -> const Word* { return std::get_if<Word>(&held); }
  [[nodiscard]] auto pointer() const -> const Pointer* { return std::get_if<Pointer>(&held); }
  [[nodiscard]] auto parts() const -> const std::vector<Value>* { return std::get_if<std::vector<Value>>(&held); }
  [[nodiscard]] auto undefined() const -> const Undefined* { return std::get_if<Undefined>(&held); }
};

}  // namespace redoubt::prover
