// SPDX-License-Identifier: Apache-2.0
// A bit vector of 1 to 64 bits and a truth value, each either a number or a Z3 term. Numbers never reach Z3.
#pragma once

#include <z3++.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace redoubt::prover {

[[nodiscard]] auto z3_context() -> z3::context&;

class Flag {
 public:
  Flag(bool value = false) : value_(value) {}
  explicit Flag(const z3::expr& term);

  [[nodiscard]] auto known() const -> bool { return !term_; }
  [[nodiscard]] auto is(bool value) const -> bool { return known() && value_ == value; }
  [[nodiscard]] auto value() const -> bool { return value_; }
  [[nodiscard]] auto term() const -> z3::expr { return term_ ? *term_ : z3_context().bool_val(value_); }

 private:
  std::optional<z3::expr> term_;
  bool value_ = false;
};

[[nodiscard]] auto operator!(const Flag& a) -> Flag;
[[nodiscard]] auto operator&(const Flag& a, const Flag& b) -> Flag;
[[nodiscard]] auto operator|(const Flag& a, const Flag& b) -> Flag;
[[nodiscard]] auto implies(const Flag& a, const Flag& b) -> Flag;
[[nodiscard]] auto iff(const Flag& a, const Flag& b) -> Flag;

class Word {
 public:
  Word(std::uint64_t value = 0, unsigned bits = 64);
  explicit Word(const z3::expr& term);
  // A variable of that name.
  [[nodiscard]] static auto variable(const std::string& name, unsigned bits = 64) -> Word;

  [[nodiscard]] auto bits() const -> unsigned { return bits_; }
  [[nodiscard]] auto known() const -> bool { return !term_; }
  [[nodiscard]] auto is(std::uint64_t value) const -> bool { return known() && value_ == value; }
  [[nodiscard]] auto value() const -> std::uint64_t { return value_; }
  [[nodiscard]] auto term() const -> z3::expr {
    return term_ ? *term_ : z3_context().bv_val(std::uint64_t{value_}, bits_);
  }
  // The same number or the very same term: not equality, which needs a solver.
  [[nodiscard]] auto same(const Word& other) const -> bool;

 private:
  std::optional<z3::expr> term_;
  std::uint64_t value_ = 0;
  unsigned bits_ = 64;
};

// Operands have one width.
[[nodiscard]] auto operator+(const Word& a, const Word& b) -> Word;
[[nodiscard]] auto operator-(const Word& a, const Word& b) -> Word;
[[nodiscard]] auto operator*(const Word& a, const Word& b) -> Word;
[[nodiscard]] auto operator&(const Word& a, const Word& b) -> Word;
[[nodiscard]] auto operator|(const Word& a, const Word& b) -> Word;
[[nodiscard]] auto operator^(const Word& a, const Word& b) -> Word;
[[nodiscard]] auto shift_left(const Word& a, const Word& by) -> Word;
[[nodiscard]] auto shift_right(const Word& a, const Word& by) -> Word;
[[nodiscard]] auto shift_right_signed(const Word& a, const Word& by) -> Word;

[[nodiscard]] auto operator==(const Word& a, const Word& b) -> Flag;
[[nodiscard]] auto operator!=(const Word& a, const Word& b) -> Flag;
[[nodiscard]] auto operator<(const Word& a, const Word& b) -> Flag;   // unsigned
[[nodiscard]] auto operator<=(const Word& a, const Word& b) -> Flag;  // unsigned
[[nodiscard]] auto less_signed(const Word& a, const Word& b) -> Flag;

[[nodiscard]] auto part(const Word& a, unsigned low, unsigned bits) -> Word;
[[nodiscard]] auto widen(const Word& a, unsigned bits) -> Word;         // with zeroes
[[nodiscard]] auto widen_signed(const Word& a, unsigned bits) -> Word;  // with copies of the sign
[[nodiscard]] auto join(const Word& high, const Word& low) -> Word;
[[nodiscard]] auto choose(const Flag& which, const Word& yes, const Word& no) -> Word;
[[nodiscard]] auto as_word(const Flag& flag) -> Word;  // one bit
[[nodiscard]] auto as_flag(const Word& one_bit) -> Flag;

}  // namespace redoubt::prover
