// SPDX-License-Identifier: Apache-2.0
#include "proofs/prover/executor.hpp"

namespace redoubt::prover {
namespace {

// Effects that are no part of the state: lifetimes, hints, debug information.
auto ignored(const std::string& name) -> bool {
  for (const char* const each : {"llvm.lifetime.", "llvm.dbg.", "llvm.experimental.noalias", "llvm.annotation"}) {
    if (name.starts_with(each)) return true;
  }
  return false;
}

auto least(const Word& a, const Word& b) -> Word { return choose(a < b, a, b); }

}  // namespace

auto Executor::called(Frame& frame, LLVMValueRef what) -> Value {
  const LLVMValueRef callee = LLVMGetCalledValue(what);
  if (LLVMIsAInlineAsm(callee) != nullptr) {
    std::size_t length = 0;
    const char* const text = LLVMGetInlineAsmAsmString(callee, &length);
    Event event{std::string{text, length}, {}};
    for (unsigned i = 0; i < LLVMGetNumArgOperands(what); ++i)
      event.arguments.push_back(word(frame, LLVMGetOperand(what, i)));
    world_.events.push_back(std::move(event));
    return Value{};
  }
  if (LLVMIsAFunction(callee) == nullptr) throw Refuted{"an indirect call: " + text_of(what)};
  const std::string name = name_of(callee);
  if (ignored(name)) return Value{};
  if (name.starts_with("llvm.")) return intrinsic(frame, what, name);
  std::vector<Value> arguments;
  for (unsigned i = 0; i < LLVMGetNumArgOperands(what); ++i) arguments.push_back(value(frame, LLVMGetOperand(what, i)));
  for (const auto& [prefix, model] : models_) {
    if (name.starts_with(prefix)) return model(*this, arguments);
  }
  if (LLVMCountBasicBlocks(callee) == 0) throw Unsupported{"no model of " + name};
  return call(callee, arguments);
}

auto Executor::intrinsic(Frame& frame, LLVMValueRef what, const std::string& name) -> Value {
  const auto operand = [&](unsigned i) { return word(frame, LLVMGetOperand(what, i)); };
  const auto is = [&](const char* prefix) { return name.starts_with(prefix); };
  if (is("llvm.umin.")) return least(operand(0), operand(1));
  if (is("llvm.umax.")) return choose(operand(0) < operand(1), operand(1), operand(0));
  if (is("llvm.smin.")) return choose(less_signed(operand(0), operand(1)), operand(0), operand(1));
  if (is("llvm.smax.")) return choose(less_signed(operand(0), operand(1)), operand(1), operand(0));
  if (is("llvm.usub.sat.")) {
    return choose(operand(0) < operand(1), Word{0, operand(0).bits()}, operand(0) - operand(1));
  }
  if (is("llvm.assume")) {
    world_.engine.require(as_flag(operand(0)), "assumption broken: " + text_of(what));
    return Value{};
  }
  if (is("llvm.memset.")) {
    fill(pointer(frame, LLVMGetOperand(what, 0)), operand(1), operand(2).value());
    return Value{};
  }
  if (is("llvm.memcpy.") || is("llvm.memmove.")) {
    const Pointer to = pointer(frame, LLVMGetOperand(what, 0));
    const Pointer from = pointer(frame, LLVMGetOperand(what, 1));
    if (to.object < kFirstLocal || from.object < kFirstLocal) throw Unsupported{"memcpy outside the stack"};
    locals_.copy(to, from, operand(2).value());
    return Value{};
  }
  throw Unsupported{"no model of " + name};
}

}  // namespace redoubt::prover
