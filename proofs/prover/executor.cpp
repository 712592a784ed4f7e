// SPDX-License-Identifier: Apache-2.0
#include "proofs/prover/executor.hpp"

namespace redoubt::prover {
namespace {

// More visits of one block mean a loop that no constant of core caps.
constexpr unsigned kMaxVisits = 2048;
constexpr unsigned kMaxDepth = 64;

auto function_of(LLVMBasicBlockRef block) -> LLVMValueRef { return LLVMGetBasicBlockParent(block); }

}  // namespace

auto Coverage::of_functions() const -> std::size_t {
  std::set<LLVMValueRef> functions;
  std::size_t total = 0;
  for (const auto block : reached_) {
    if (functions.insert(function_of(block)).second) total += LLVMCountBasicBlocks(function_of(block));
  }
  return total;
}

auto Coverage::gaps() const -> std::vector<std::pair<std::string, std::size_t>> {
  std::map<LLVMValueRef, std::size_t> seen;
  for (const auto block : reached_) ++seen[function_of(block)];
  std::vector<std::pair<std::string, std::size_t>> found;
  for (const auto& [function, count] : seen) {
    const std::size_t all = LLVMCountBasicBlocks(function);
    if (count < all) found.emplace_back(name_of(function), all - count);
  }
  return found;
}

Executor::Executor(const Bitcode& module, World& world, Coverage& coverage)
    : module_(module), world_(world), coverage_(coverage) {}

auto Executor::call(LLVMValueRef function, const std::vector<Value>& arguments) -> Value {
  if (++depth_ > kMaxDepth) throw Unsupported{"calls too deep"};
  Frame frame;
  for (unsigned i = 0; i < arguments.size(); ++i) frame.values[LLVMGetParam(function, i)] = arguments[i];
  Value result = run(frame, function);
  --depth_;
  return result;
}

auto Executor::run(Frame& frame, LLVMValueRef function) -> Value {
  LLVMBasicBlockRef block = LLVMGetEntryBasicBlock(function);
  LLVMBasicBlockRef from = nullptr;
  for (;;) {
    coverage_.reach(block);
    if (++frame.visits[block] > kMaxVisits) throw Unsupported{"a loop without a bound in " + name_of(function)};
    phis(frame, block, from);
    for (LLVMValueRef each = LLVMGetFirstInstruction(block); each != nullptr; each = LLVMGetNextInstruction(each)) {
      if (LLVMIsAPHINode(each) != nullptr) continue;
      ++instructions_;
      if (LLVMIsATerminatorInst(each) == nullptr) {
        instruction(frame, each);
        continue;
      }
      if (LLVMGetInstructionOpcode(each) == LLVMRet) {
        return LLVMGetNumOperands(each) == 0 ? Value{} : value(frame, LLVMGetOperand(each, 0));
      }
      from = block;
      block = next_block(frame, each);
      break;
    }
  }
}

void Executor::phis(Frame& frame, LLVMBasicBlockRef block, LLVMBasicBlockRef from) {
  std::vector<std::pair<LLVMValueRef, Value>> made;
  for (LLVMValueRef each = LLVMGetFirstInstruction(block); each != nullptr && LLVMIsAPHINode(each) != nullptr;
       each = LLVMGetNextInstruction(each)) {
    for (unsigned i = 0; i < LLVMCountIncoming(each); ++i) {
      if (LLVMGetIncomingBlock(each, i) == from) made.emplace_back(each, value(frame, LLVMGetIncomingValue(each, i)));
    }
  }
  for (auto& [phi, what] : made) frame.values[phi] = std::move(what);
}

auto Executor::next_block(Frame& frame, LLVMValueRef terminator) -> LLVMBasicBlockRef {
  switch (LLVMGetInstructionOpcode(terminator)) {
    case LLVMBr:
      if (LLVMIsConditional(terminator) == 0) return LLVMGetSuccessor(terminator, 0);
      return LLVMGetSuccessor(terminator,
                              world_.engine.branch(as_flag(word(frame, LLVMGetCondition(terminator)))) ? 0 : 1);
    case LLVMSwitch: {
      const Word subject = word(frame, LLVMGetOperand(terminator, 0));
      for (unsigned i = 2; i < static_cast<unsigned>(LLVMGetNumOperands(terminator)); i += 2) {
        if (world_.engine.branch(subject == word(frame, LLVMGetOperand(terminator, i)))) {
          return LLVMValueAsBasicBlock(LLVMGetOperand(terminator, i + 1));
        }
      }
      return LLVMGetSwitchDefaultDest(terminator);
    }
    case LLVMUnreachable:
      world_.engine.require(false, "reaches what must not be reached");
      world_.engine.settle();
      throw Refuted{"unreachable"};
    default: throw Unsupported{"terminator " + text_of(terminator)};
  }
}

auto Executor::selection(Frame& frame, LLVMValueRef what) -> Value {
  const Flag which = as_flag(word(frame, LLVMGetOperand(what, 0)));
  const Value yes = value(frame, LLVMGetOperand(what, 1));
  const Value no = value(frame, LLVMGetOperand(what, 2));
  const bool numbers = yes.word() != nullptr && no.word() != nullptr;
  if (numbers && !world_.engine.decided(which)) return choose(which, *yes.word(), *no.word());
  return world_.engine.branch(which) ? yes : no;
}

void Executor::instruction(Frame& frame, LLVMValueRef what) {
  const auto set = [&](Value made) { frame.values[what] = std::move(made); };
  const auto operand = [&](unsigned i) { return LLVMGetOperand(what, i); };
  switch (LLVMGetInstructionOpcode(what)) {
    case LLVMAlloca: return set(locals_.create(module_.bytes_of(LLVMGetAllocatedType(what))));
    case LLVMLoad: return set(load(pointer(frame, operand(0)), LLVMTypeOf(what)));
    case LLVMStore: return store(pointer(frame, operand(1)), LLVMTypeOf(operand(0)), value(frame, operand(0)));
    case LLVMGetElementPtr: return set(address(frame, what));
    case LLVMCall: return set(called(frame, what));
    case LLVMICmp: return set(comparison(frame, what));
    case LLVMFreeze: return set(value(frame, operand(0)));
    case LLVMSelect: return set(selection(frame, what));
    case LLVMExtractValue: {
      const Value whole = value(frame, operand(0));
      if (LLVMGetNumIndices(what) != 1 || whole.parts() == nullptr) throw Unsupported{text_of(what)};
      return set(whole.parts()->at(*LLVMGetIndices(what)));
    }
    case LLVMInsertValue: {
      const Value whole = value(frame, operand(0));
      std::vector<Value> parts = whole.parts() != nullptr ? *whole.parts() : std::vector<Value>{};
      parts.resize(LLVMGetTypeKind(LLVMTypeOf(what)) == LLVMArrayTypeKind
                       ? LLVMGetArrayLength2(LLVMTypeOf(what))
                       : LLVMCountStructElementTypes(LLVMTypeOf(what)));
      parts.at(*LLVMGetIndices(what)) = value(frame, operand(1));
      return set(std::move(parts));
    }
    case LLVMTrunc:
    case LLVMZExt:
    case LLVMSExt:
    case LLVMIntToPtr:
    case LLVMPtrToInt: return set(conversion(frame, what));
    default: return set(arithmetic(frame, what));
  }
}

auto Executor::value(Frame& frame, LLVMValueRef operand) -> Value {
  if (const auto known = frame.values.find(operand); known != frame.values.end()) return known->second;
  if (LLVMIsConstant(operand) != 0) return constant(operand);
  throw Unsupported{"operand " + text_of(operand)};
}

auto Executor::word(Frame& frame, LLVMValueRef operand) -> Word {
  const Value held = value(frame, operand);
  if (const Undefined* const undefined = held.undefined(); undefined != nullptr) {
    if (undefined->any_number && undefined->bits != 0) return world_.engine.fresh("undef", undefined->bits);
    throw Refuted{"use of a value that was never written: " + text_of(operand)};
  }
  if (held.word() == nullptr) throw Unsupported{"a pointer as number: " + text_of(operand)};
  return *held.word();
}

auto Executor::constant(LLVMValueRef operand) -> Value {
  const LLVMTypeRef type = LLVMTypeOf(operand);
  if (LLVMIsAConstantInt(operand) != nullptr) return Word{LLVMConstIntGetZExtValue(operand), LLVMGetIntTypeWidth(type)};
  if (LLVMIsUndef(operand) != 0) return Undefined{bits_of_type(type), LLVMIsPoison(operand) == 0};
  if (LLVMIsAConstantPointerNull(operand) != nullptr) return Pointer{};
  if (LLVMIsAGlobalVariable(operand) != nullptr) {
    const auto known = globals_.find(operand);
    if (known != globals_.end()) return known->second;
    return globals_[operand] = locals_.create(module_.bytes_of(LLVMGlobalGetValueType(operand)), true);
  }
  if (LLVMIsAConstantExpr(operand) != nullptr && LLVMGetConstOpcode(operand) == LLVMIntToPtr) {
    Pointer made;
    made.address = *constant(LLVMGetOperand(operand, 0)).word();
    return made;
  }
  throw Unsupported{"constant " + text_of(operand)};
}

}  // namespace redoubt::prover
