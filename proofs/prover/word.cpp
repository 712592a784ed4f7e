// SPDX-License-Identifier: Apache-2.0
#include "proofs/prover/word.hpp"

#include <stdexcept>

namespace redoubt::prover {
namespace {

auto mask(unsigned bits) -> std::uint64_t { return bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1; }

auto sign_extended(std::uint64_t value, unsigned bits) -> std::int64_t {
  const unsigned rest = 64 - bits;
  return static_cast<std::int64_t>(value << rest) >> rest;
}

// Numbers by `numbers`, anything else by `terms`.
template <class Numbers, class Terms>
auto combine(const Word& a, const Word& b, Numbers numbers, Terms terms) -> Word {
  if (a.bits() != b.bits()) throw std::logic_error("operands of different width");
  if (a.known() && b.known()) return Word{numbers(a.value(), b.value()), a.bits()};
  return Word{terms(a.term(), b.term())};
}

template <class Numbers, class Terms>
auto compare(const Word& a, const Word& b, Numbers numbers, Terms terms) -> Flag {
  if (a.bits() != b.bits()) throw std::logic_error("operands of different width");
  if (a.known() && b.known()) return Flag{numbers(a.value(), b.value())};
  return Flag{terms(a.term(), b.term())};
}

}  // namespace

auto z3_context() -> z3::context& {
  static z3::context context;
  return context;
}

Flag::Flag(const z3::expr& term) {
  const z3::expr simple = term.simplify();
  if (simple.is_true() || simple.is_false())
    value_ = simple.is_true();
  else
    term_ = simple;
}

auto operator!(const Flag& a) -> Flag { return a.known() ? Flag{!a.value()} : Flag{!a.term()}; }
auto operator&(const Flag& a, const Flag& b) -> Flag {
  if (a.known()) return a.value() ? b : a;
  if (b.known()) return b.value() ? a : b;
  return Flag{a.term() && b.term()};
}
auto operator|(const Flag& a, const Flag& b) -> Flag { return !(!a & !b); }
auto implies(const Flag& a, const Flag& b) -> Flag { return !a | b; }
auto iff(const Flag& a, const Flag& b) -> Flag { return as_word(a) == as_word(b); }

Word::Word(std::uint64_t value, unsigned bits) : value_(value & mask(bits)), bits_(bits) {}

Word::Word(const z3::expr& term) : bits_(term.get_sort().bv_size()) {
  const z3::expr simple = term.simplify();
  if (simple.is_numeral())
    value_ = simple.get_numeral_uint64();
  else
    term_ = simple;
}

auto Word::variable(const std::string& name, unsigned bits) -> Word {
  return Word{z3_context().bv_const(name.c_str(), bits)};
}

auto Word::same(const Word& other) const -> bool {
  if (bits_ != other.bits_ || known() != other.known()) return false;
  return known() ? value_ == other.value_ : z3::eq(*term_, *other.term_);
}

auto operator+(const Word& a, const Word& b) -> Word {
  return combine(a, b, [](auto x, auto y) { return x + y; }, [](const auto& x, const auto& y) { return x + y; });
}
auto operator-(const Word& a, const Word& b) -> Word {
  return combine(a, b, [](auto x, auto y) { return x - y; }, [](const auto& x, const auto& y) { return x - y; });
}
auto operator*(const Word& a, const Word& b) -> Word {
  return combine(a, b, [](auto x, auto y) { return x * y; }, [](const auto& x, const auto& y) { return x * y; });
}
auto operator&(const Word& a, const Word& b) -> Word {
  return combine(a, b, [](auto x, auto y) { return x & y; }, [](const auto& x, const auto& y) { return x & y; });
}
auto operator|(const Word& a, const Word& b) -> Word {
  return combine(a, b, [](auto x, auto y) { return x | y; }, [](const auto& x, const auto& y) { return x | y; });
}
auto operator^(const Word& a, const Word& b) -> Word {
  return combine(a, b, [](auto x, auto y) { return x ^ y; }, [](const auto& x, const auto& y) { return x ^ y; });
}
auto shift_left(const Word& a, const Word& by) -> Word {
  return combine(
      a, by, [](auto x, auto y) { return y >= 64 ? 0 : x << y; },
      [](const auto& x, const auto& y) { return z3::shl(x, y); });
}
auto shift_right(const Word& a, const Word& by) -> Word {
  return combine(
      a, by, [](auto x, auto y) { return y >= 64 ? 0 : x >> y; },
      [](const auto& x, const auto& y) { return z3::lshr(x, y); });
}
auto shift_right_signed(const Word& a, const Word& by) -> Word {
  const unsigned bits = a.bits();
  return combine(
      a, by,
      [bits](auto x, auto y) {
        return static_cast<std::uint64_t>(sign_extended(x, bits) >> (y >= bits ? bits - 1 : y));
      },
      [](const auto& x, const auto& y) { return z3::ashr(x, y); });
}

auto operator==(const Word& a, const Word& b) -> Flag {
  if (a.same(b)) return true;
  return compare(a, b, [](auto x, auto y) { return x == y; }, [](const auto& x, const auto& y) { return x == y; });
}
auto operator!=(const Word& a, const Word& b) -> Flag { return !(a == b); }
auto operator<(const Word& a, const Word& b) -> Flag {
  return compare(
      a, b, [](auto x, auto y) { return x < y; }, [](const auto& x, const auto& y) { return z3::ult(x, y); });
}
auto operator<=(const Word& a, const Word& b) -> Flag { return !(b < a); }
auto less_signed(const Word& a, const Word& b) -> Flag {
  const unsigned bits = a.bits();
  return compare(
      a, b, [bits](auto x, auto y) { return sign_extended(x, bits) < sign_extended(y, bits); },
      [](const auto& x, const auto& y) { return z3::slt(x, y); });
}

auto part(const Word& a, unsigned low, unsigned bits) -> Word {
  if (low == 0 && bits == a.bits()) return a;
  if (a.known()) return Word{a.value() >> low, bits};
  return Word{a.term().extract(low + bits - 1, low)};
}
auto widen(const Word& a, unsigned bits) -> Word {
  if (bits == a.bits()) return a;
  return a.known() ? Word{a.value(), bits} : Word{z3::zext(a.term(), bits - a.bits())};
}
auto widen_signed(const Word& a, unsigned bits) -> Word {
  if (bits == a.bits()) return a;
  if (a.known()) return Word{static_cast<std::uint64_t>(sign_extended(a.value(), a.bits())), bits};
  return Word{z3::sext(a.term(), bits - a.bits())};
}
auto join(const Word& high, const Word& low) -> Word {
  const unsigned bits = high.bits() + low.bits();
  if (high.known() && low.known()) return Word{high.value() << low.bits() | low.value(), bits};
  return Word{z3::concat(high.term(), low.term())};
}
auto choose(const Flag& which, const Word& yes, const Word& no) -> Word {
  if (which.known()) return which.value() ? yes : no;
  if (yes.same(no)) return yes;
  return Word{z3::ite(which.term(), yes.term(), no.term())};
}
auto as_word(const Flag& flag) -> Word { return choose(flag, Word{1, 1}, Word{0, 1}); }
auto as_flag(const Word& one_bit) -> Flag { return one_bit == Word{1, 1}; }

}  // namespace redoubt::prover
