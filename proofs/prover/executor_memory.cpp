// SPDX-License-Identifier: Apache-2.0
#include "proofs/prover/executor.hpp"

namespace redoubt::prover {

auto Executor::address(Frame& frame, LLVMValueRef what) -> Value {
  Pointer at = pointer(frame, LLVMGetOperand(what, 0));
  LLVMTypeRef type = LLVMGetGEPSourceElementType(what);
  for (unsigned i = 1; i < static_cast<unsigned>(LLVMGetNumOperands(what)); ++i) {
    const Word index = word(frame, LLVMGetOperand(what, i));
    if (i > 1 && LLVMGetTypeKind(type) == LLVMStructTypeKind) {
      at.offset += module_.offset_of(type, static_cast<unsigned>(index.value()));
      type = LLVMStructGetTypeAtIndex(type, static_cast<unsigned>(index.value()));
      continue;
    }
    if (i > 1) type = LLVMGetElementType(type);
    const std::uint64_t stride = module_.bytes_of(type);
    if (index.known()) {
      at.offset += static_cast<std::uint64_t>(widen_signed(index, 64).value()) * stride;
    } else {
      at.steps.push_back({widen_signed(index, 64), stride});
    }
  }
  return at;
}

auto Executor::pointer(Frame& frame, LLVMValueRef operand) -> Pointer {
  const Value held = value(frame, operand);
  if (held.pointer() == nullptr) throw Unsupported{"a number as pointer: " + text_of(operand)};
  return *held.pointer();
}

// The index of an access to one of the two arrays, which must be inside it.
auto Executor::array_index(const Pointer& at, unsigned bytes, Cell size) -> Word {
  if (at.offset % bytes != 0) throw Unsupported{"part of an array element"};
  Word index{at.offset / bytes};
  for (const Step& step : at.steps) {
    if (step.stride != bytes) throw Unsupported{"an array with another stride"};
    index = index + step.index;
  }
  world_.engine.require(index < world_.cells.initial(size),
                        "index outside the array " + core_layout().cells[static_cast<unsigned>(size)].name);
  return part(index, 0, kFrameBits);
}

auto Executor::load(const Pointer& at, LLVMTypeRef type) -> Value {
  const unsigned bits = bits_of_type(type);
  const unsigned bytes = (bits + 7) / 8;
  const auto fitted = [&](const Value& held) -> Value {
    return held.word() != nullptr ? part(*held.word(), 0, bits) : held;
  };
  if (bits == 0 && at.object < kFirstLocal) throw Unsupported{"a load of several members"};
  switch (at.object) {
    case kNoObject:
      world_.engine.require(false, "access through a null pointer");
      world_.engine.settle();
      throw Refuted{"null"};
    case kCore: return fitted(world_.cells.load(at, bytes));
    case kEntries: {
      const Word frame = array_index(at, bytes, Cell::entries_size) + ram(world_).first;
      know_page(world_, frame);
      know_host_map(world_, frame);
      return world_.entries.now(frame);
    }
    case kMapped: return world_.mapped.now(array_index(at, bytes, Cell::mapped_size) + first_block(world_));
    case kTables: return world_.load_table(at.address);
    default: break;
  }
  if (bits != 0) return fitted(locals_.load(at, bytes));
  if (LLVMGetTypeKind(type) != LLVMArrayTypeKind) throw Unsupported{"a load of a structure"};
  std::vector<Value> parts;
  for (std::uint64_t i = 0; i < LLVMGetArrayLength2(type); ++i) {
    Pointer each = at;
    each.offset += i * module_.bytes_of(LLVMGetElementType(type));
    parts.push_back(load(each, LLVMGetElementType(type)));
  }
  return parts;
}

void Executor::store(const Pointer& at, LLVMTypeRef type, const Value& what) {
  const unsigned bytes = (bits_of_type(type) + 7) / 8;
  if (const auto* const parts = what.parts(); parts != nullptr) {
    for (std::size_t i = 0; i < parts->size(); ++i) {
      Pointer each = at;
      each.offset += i * module_.bytes_of(LLVMGetElementType(type));
      store(each, LLVMGetElementType(type), (*parts)[i]);
    }
    return;
  }
  if (at.object >= kFirstLocal) return locals_.store(at, bytes, what);
  const Word* const number = what.word();
  if (number == nullptr) throw Unsupported{"a store of no number outside the stack"};
  switch (at.object) {
    case kCore: return world_.cells.store(at, bytes, widen(*number, bytes * 8));
    case kEntries: {
      const Word frame = array_index(at, bytes, Cell::entries_size) + ram(world_).first;
      know_page(world_, frame);
      know_host_map(world_, frame);
      return world_.set_entry(frame, *number);
    }
    case kMapped: return world_.mapped.set(array_index(at, bytes, Cell::mapped_size) + first_block(world_), *number);
    case kTables: return world_.store_table(at.address, *number);
    default:
      world_.engine.require(false, "a write through a null pointer");
      world_.engine.settle();
      throw Refuted{"null"};
  }
}

void Executor::fill(const Pointer& at, const Word& byte, std::uint64_t bytes) {
  if (!byte.known()) throw Unsupported{"memset with a symbolic byte"};
  if (at.object >= kFirstLocal) return locals_.fill(at, bytes, static_cast<std::uint8_t>(byte.value()));
  if (at.object != kCore || byte.value() != 0) throw Unsupported{"memset of something unusual"};
  world_.cells.zero(at, bytes);
}

}  // namespace redoubt::prover
