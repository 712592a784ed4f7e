// SPDX-License-Identifier: Apache-2.0
// Objects of the path itself: stack variables, constants, arguments passed by reference. Byte by byte, so that what was
// never written is noticed; places are numbers.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "proofs/prover/engine.hpp"
#include "proofs/prover/value.hpp"

namespace redoubt::prover {

class Locals {
 public:
  // A new object of undefined bytes.
  [[nodiscard]] auto create(std::uint64_t bytes, bool constant = false) -> Pointer;

  // Refuted: outside the object, constant. A load of bytes that were never written is Undefined.
  [[nodiscard]] auto load(const Pointer& at, unsigned bytes) const -> Value;
  void store(const Pointer& at, unsigned bytes, const Value& value);
  void fill(const Pointer& at, std::uint64_t bytes, std::uint8_t byte);
  void copy(const Pointer& to, const Pointer& from, std::uint64_t bytes);
  void seal(const Pointer& object) { objects_.at(object.object - kFirstLocal).constant = true; }

 private:
  struct Byte {
    std::shared_ptr<const Value> value;  // null: undefined
    unsigned at = 0;                     // which byte of the value
  };
  struct Block {
    std::vector<Byte> bytes;
    bool constant = false;
  };

  [[nodiscard]] auto block(const Pointer& at, std::uint64_t bytes) const -> const Block&;
  [[nodiscard]] auto writable(const Pointer& at, std::uint64_t bytes) -> Block&;

  std::vector<Block> objects_;
};

}  // namespace redoubt::prover
