// SPDX-License-Identifier: Apache-2.0
#include "proofs/prover/executor.hpp"

#include <algorithm>

namespace redoubt::prover {
namespace {

// A number that the word cannot exceed, as far as its term shows at first sight.
auto ceiling(const z3::expr& term, unsigned depth = 0) -> std::uint64_t {
  const unsigned bits = term.get_sort().bv_size();
  const std::uint64_t all = bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
  if (term.is_numeral()) return term.get_numeral_uint64();
  if (depth > 4 || !term.is_app() || bits > 64) return all;
  switch (term.decl().decl_kind()) {
    case Z3_OP_CONCAT:
      // Leading zeroes are one numeral.
      return term.arg(0).is_numeral() && term.arg(0).get_numeral_uint64() == 0 ? all >> term.arg(0).get_sort().bv_size()
                                                                               : all;
    case Z3_OP_ITE: return std::max(ceiling(term.arg(1), depth + 1), ceiling(term.arg(2), depth + 1));
    case Z3_OP_BADD: {
      std::uint64_t sum = 0;
      for (unsigned i = 0; i < term.num_args(); ++i) {
        if (__builtin_add_overflow(sum, ceiling(term.arg(i), depth + 1), &sum)) return all;
      }
      return std::min(sum, all);
    }
    default: return all;
  }
}

auto sign(const Word& a) -> Flag { return as_flag(part(a, a.bits() - 1, 1)); }

// Does the operation on unlimited unsigned numbers give what it gives on these?
auto fits(LLVMOpcode opcode, const Word& a, const Word& b) -> Flag {
  switch (opcode) {
    case LLVMAdd: {
      std::uint64_t sum = 0;
      const bool over = __builtin_add_overflow(ceiling(a.term()), ceiling(b.term()), &sum);
      if (!over && (a.bits() == 64 || sum >> a.bits() == 0)) return true;
      return a <= a + b;
    }
    case LLVMSub: return b <= a;
    case LLVMShl: return shift_right(shift_left(a, b), b) == a;
    default: {
      const unsigned bits = a.bits();
      const z3::expr wide = z3::zext(a.term(), bits) * z3::zext(b.term(), bits);
      return Word{wide.extract(2 * bits - 1, bits)} == Word{0, bits};
    }
  }
}

// The same for signed ones.
auto fits_signed(LLVMOpcode opcode, const Word& a, const Word& b) -> Flag {
  const Word most{(std::uint64_t{1} << (a.bits() - 1)) - 1, a.bits()};
  const bool small = ceiling(a.term()) <= most.value() / 2 && ceiling(b.term()) <= most.value() / 2;
  switch (opcode) {
    case LLVMAdd: return small ? Flag{true} : !iff(sign(a), sign(b)) | iff(sign(a), sign(a + b));
    case LLVMSub: return small ? Flag{true} : iff(sign(a), sign(b)) | iff(sign(a), sign(a - b));
    case LLVMShl: return shift_right_signed(shift_left(a, b), b) == a;
    default: {
      const unsigned bits = a.bits();
      const z3::expr wide = z3::sext(a.term(), bits) * z3::sext(b.term(), bits);
      return Flag{z3::sext(wide.extract(bits - 1, 0), bits) == wide};
    }
  }
}

// Bytes from the start of the object.
auto place_of(const Pointer& at) -> Word {
  Word place{at.offset};
  for (const Step& step : at.steps) place = place + step.index * Word{step.stride};
  return at.object == kNoObject ? place + at.address : place;
}

}  // namespace

void Executor::promises(LLVMValueRef what, const Word& a, const Word& b) {
  Engine& engine = world_.engine;
  const auto require = [&](const Flag& holds, const char* name) {
    engine.require(holds, std::string{name} + " broken: " + text_of(what));
  };
  const LLVMOpcode opcode = LLVMGetInstructionOpcode(what);
  switch (opcode) {
    case LLVMAdd:
    case LLVMSub:
    case LLVMMul:
    case LLVMShl:
      if (LLVMGetNUW(what) != 0) require(fits(opcode, a, b), "nuw");
      if (LLVMGetNSW(what) != 0) require(fits_signed(opcode, a, b), "nsw");
      break;
    case LLVMOr:
      if (LLVMGetIsDisjoint(what) != 0) require((a & b) == Word{0, a.bits()}, "disjoint");
      break;
    case LLVMLShr:
    case LLVMAShr:
      if (LLVMGetExact(what) != 0) require(shift_left(shift_right(a, b), b) == a, "exact");
      break;
    default: break;
  }
  const bool shift = opcode == LLVMShl || opcode == LLVMLShr || opcode == LLVMAShr;
  if (shift) require(b < Word{a.bits(), a.bits()}, "shift width");
}

auto Executor::arithmetic(Frame& frame, LLVMValueRef what) -> Value {
  const LLVMOpcode opcode = LLVMGetInstructionOpcode(what);
  if (LLVMGetNumOperands(what) != 2) throw Unsupported{text_of(what)};
  const Word a = word(frame, LLVMGetOperand(what, 0));
  const Word b = word(frame, LLVMGetOperand(what, 1));
  promises(what, a, b);
  switch (opcode) {
    case LLVMAdd: return a + b;
    case LLVMSub: return a - b;
    case LLVMMul: return a * b;
    case LLVMAnd:
      // A bit that the path has branched on is a number: loops add multiples of it.
      if (a.is(1) || b.is(1)) {
        const Word bit = part(a.is(1) ? b : a, 0, 1);
        if (const auto set = world_.engine.decided(as_flag(bit))) return Word{*set ? 1U : 0U, a.bits()};
        if (const auto clear = world_.engine.decided(bit == Word{0, 1})) return Word{*clear ? 0U : 1U, a.bits()};
      }
      return a & b;
    case LLVMOr: return LLVMGetIsDisjoint(what) != 0 ? a + b : a | b;
    case LLVMXor: return a ^ b;
    case LLVMShl: return shift_left(a, b);
    case LLVMLShr: return shift_right(a, b);
    case LLVMAShr: return shift_right_signed(a, b);
    default: throw Unsupported{text_of(what)};
  }
}

auto Executor::conversion(Frame& frame, LLVMValueRef what) -> Value {
  const LLVMOpcode opcode = LLVMGetInstructionOpcode(what);
  const Value from = value(frame, LLVMGetOperand(what, 0));
  const unsigned bits = bits_of_type(LLVMTypeOf(what));
  if (from.pointer() != nullptr) return from;  // a pointer keeps its object through an integer
  if (from.undefined() != nullptr && !from.undefined()->any_number) return Undefined{bits};
  const Word number = word(frame, LLVMGetOperand(what, 0));
  switch (opcode) {
    case LLVMTrunc:
      if (LLVMGetNUW(what) != 0) {
        world_.engine.require(widen(part(number, 0, bits), number.bits()) == number, "nuw broken: " + text_of(what));
      }
      return part(number, 0, bits);
    case LLVMZExt:
      if (LLVMGetNNeg(what) != 0) {
        world_.engine.require(part(number, number.bits() - 1, 1) == Word{0, 1}, "nneg broken: " + text_of(what));
      }
      return widen(number, bits);
    case LLVMSExt: return widen_signed(number, bits);
    case LLVMIntToPtr: {
      Pointer made;
      made.object = kTables;
      made.address = number;
      return made;
    }
    default: throw Unsupported{text_of(what)};
  }
}

auto Executor::comparison(Frame& frame, LLVMValueRef what) -> Value {
  const Value left = value(frame, LLVMGetOperand(what, 0));
  const Value right = value(frame, LLVMGetOperand(what, 1));
  const LLVMIntPredicate how = LLVMGetICmpPredicate(what);
  if (left.undefined() != nullptr || right.undefined() != nullptr)
    throw Refuted{"a decision about undef: " + text_of(what)};
  if (left.pointer() != nullptr && right.pointer() != nullptr) {
    const Pointer& a = *left.pointer();
    const Pointer& b = *right.pointer();
    if (a.object == kTables || b.object == kTables || (how != LLVMIntEQ && how != LLVMIntNE))
      throw Unsupported{text_of(what)};
    const Flag equal = Flag{a.object == b.object} & place_of(a) - place_of(b) == Word{0};
    return as_word(how == LLVMIntEQ ? equal : !equal);
  }
  const Word a = word(frame, LLVMGetOperand(what, 0));
  const Word b = word(frame, LLVMGetOperand(what, 1));
  switch (how) {
    case LLVMIntEQ: return as_word(a == b);
    case LLVMIntNE: return as_word(a != b);
    case LLVMIntULT: return as_word(a < b);
    case LLVMIntULE: return as_word(a <= b);
    case LLVMIntUGT: return as_word(b < a);
    case LLVMIntUGE: return as_word(b <= a);
    case LLVMIntSLT: return as_word(less_signed(a, b));
    case LLVMIntSGT: return as_word(less_signed(b, a));
    case LLVMIntSLE: return as_word(!less_signed(b, a));
    case LLVMIntSGE: return as_word(!less_signed(a, b));
  }
  throw Unsupported{text_of(what)};
}

}  // namespace redoubt::prover
