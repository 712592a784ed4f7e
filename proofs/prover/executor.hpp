// SPDX-License-Identifier: Apache-2.0
// Runs functions of bitcode on a World, one path at a time. What the language calls undefined is a refutation: access
// outside an object, use of what was never written, a broken nuw/nsw/exact/disjoint promise, `unreachable`.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <unordered_map>

#include "proofs/prover/bitcode.hpp"
#include "proofs/prover/facts.hpp"
#include "proofs/prover/locals.hpp"
#include "proofs/prover/world.hpp"

namespace redoubt::prover {

class Executor;
// What stands for a function that the module only declares.
using Model = std::function<Value(Executor&, const std::vector<Value>&)>;

// Which basic blocks some path reached, over all paths of a proof.
class Coverage {
 public:
  void reach(LLVMBasicBlockRef block) { reached_.insert(block); }
  [[nodiscard]] auto blocks() const -> std::size_t { return reached_.size(); }
  [[nodiscard]] auto of_functions() const -> std::size_t;
  // Functions entered but not wholly reached: name, blocks not reached.
  [[nodiscard]] auto gaps() const -> std::vector<std::pair<std::string, std::size_t>>;

 private:
  std::set<LLVMBasicBlockRef> reached_;
};

class Executor {
 public:
  Executor(const Bitcode& module, World& world, Coverage& coverage);

  // A function that is called by this name (a prefix of its mangled one) though the module has no body for it.
  void model(const std::string& prefix, Model what) { models_.emplace_back(prefix, std::move(what)); }
  [[nodiscard]] auto call(LLVMValueRef function, const std::vector<Value>& arguments) -> Value;

  [[nodiscard]] auto world() -> World& { return world_; }
  [[nodiscard]] auto locals() -> Locals& { return locals_; }
  [[nodiscard]] auto instructions() const -> std::uint64_t { return instructions_; }

 private:
  struct Frame {
    std::unordered_map<LLVMValueRef, Value> values;
    std::unordered_map<LLVMBasicBlockRef, unsigned> visits;
  };

  // executor.cpp
  [[nodiscard]] auto run(Frame& frame, LLVMValueRef function) -> Value;
  void phis(Frame& frame, LLVMBasicBlockRef block, LLVMBasicBlockRef from);
  [[nodiscard]] auto next_block(Frame& frame, LLVMValueRef terminator) -> LLVMBasicBlockRef;
  void instruction(Frame& frame, LLVMValueRef what);
  [[nodiscard]] auto selection(Frame& frame, LLVMValueRef what) -> Value;
  [[nodiscard]] auto value(Frame& frame, LLVMValueRef operand) -> Value;
  [[nodiscard]] auto word(Frame& frame, LLVMValueRef operand) -> Word;
  [[nodiscard]] auto constant(LLVMValueRef operand) -> Value;

  // executor_numbers.cpp
  [[nodiscard]] auto arithmetic(Frame& frame, LLVMValueRef what) -> Value;
  [[nodiscard]] auto conversion(Frame& frame, LLVMValueRef what) -> Value;
  [[nodiscard]] auto comparison(Frame& frame, LLVMValueRef what) -> Value;
  void promises(LLVMValueRef what, const Word& a, const Word& b);

  // executor_memory.cpp
  [[nodiscard]] auto address(Frame& frame, LLVMValueRef what) -> Value;
  [[nodiscard]] auto pointer(Frame& frame, LLVMValueRef operand) -> Pointer;
  [[nodiscard]] auto load(const Pointer& at, LLVMTypeRef type) -> Value;
  void store(const Pointer& at, LLVMTypeRef type, const Value& what);
  [[nodiscard]] auto array_index(const Pointer& at, unsigned bytes, Cell size) -> Word;
  void fill(const Pointer& at, const Word& byte, std::uint64_t bytes);

  // executor_calls.cpp
  [[nodiscard]] auto called(Frame& frame, LLVMValueRef what) -> Value;
  [[nodiscard]] auto intrinsic(Frame& frame, LLVMValueRef what, const std::string& name) -> Value;

  const Bitcode& module_;
  World& world_;
  Coverage& coverage_;
  Locals locals_;
  std::vector<std::pair<std::string, Model>> models_;
  std::map<LLVMValueRef, Pointer> globals_;
  std::uint64_t instructions_ = 0;
  unsigned depth_ = 0;
};

}  // namespace redoubt::prover
