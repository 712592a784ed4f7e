// SPDX-License-Identifier: Apache-2.0
#include "proofs/prover/bitcode.hpp"

#include <llvm-c/DebugInfo.h>
#include <llvm-c/IRReader.h>

#include <regex>
#include <set>
#include <stdexcept>
#include <utility>

namespace redoubt::prover {
namespace {

auto taken(char* message) -> std::string {
  std::string copy = message != nullptr ? message : "unknown";
  LLVMDisposeMessage(message);
  return copy;
}

}  // namespace

Bitcode::Bitcode(LLVMContextRef context, LLVMMemoryBufferRef buffer) : context_(context) {
  char* message = nullptr;
  if (LLVMParseIRInContext(context_, buffer, &module_, &message) != 0) {
    LLVMContextDispose(context_);
    throw std::runtime_error("bitcode: " + taken(message));
  }
}

auto Bitcode::load(const std::string& path) -> Bitcode {
  LLVMMemoryBufferRef buffer = nullptr;
  char* message = nullptr;
  if (LLVMCreateMemoryBufferWithContentsOfFile(path.c_str(), &buffer, &message) != 0) {
    throw std::runtime_error(path + ": " + taken(message));
  }
  return Bitcode{LLVMContextCreate(), buffer};
}

auto Bitcode::parse(const std::string& text) -> Bitcode {
  return Bitcode{LLVMContextCreate(), LLVMCreateMemoryBufferWithMemoryRangeCopy(text.data(), text.size(), "text")};
}

Bitcode::Bitcode(Bitcode&& other) noexcept
    : context_(std::exchange(other.context_, nullptr)), module_(std::exchange(other.module_, nullptr)) {}

Bitcode::~Bitcode() {
  if (module_ != nullptr) LLVMDisposeModule(module_);
  if (context_ != nullptr) LLVMContextDispose(context_);
}

auto Bitcode::function(const std::string& prefix) const -> LLVMValueRef {
  LLVMValueRef found = nullptr;
  for (LLVMValueRef each = LLVMGetFirstFunction(module_); each != nullptr; each = LLVMGetNextFunction(each)) {
    if (LLVMCountBasicBlocks(each) == 0 || !name_of(each).starts_with(prefix)) continue;
    if (found != nullptr) return nullptr;
    found = each;
  }
  return found;
}

auto Bitcode::reachable_text(LLVMValueRef function) const -> std::string {
  LLVMStripModuleDebugInfo(module_);
  std::string text;
  std::set<LLVMValueRef> seen;
  std::vector<LLVMValueRef> todo{function};
  while (!todo.empty()) {
    const LLVMValueRef each = todo.back();
    todo.pop_back();
    if (each == nullptr || !seen.insert(each).second) continue;
    text += text_of(each);
    for (LLVMBasicBlockRef block = LLVMGetFirstBasicBlock(each); block != nullptr;
         block = LLVMGetNextBasicBlock(block)) {
      for (LLVMValueRef at = LLVMGetFirstInstruction(block); at != nullptr; at = LLVMGetNextInstruction(at)) {
        if (LLVMIsACallInst(at) != nullptr) todo.push_back(LLVMIsAFunction(LLVMGetCalledValue(at)));
      }
    }
  }
  static const std::regex numbers{"![a-zA-Z.]* ?![0-9]+|#[0-9]+"};
  return std::regex_replace(text, numbers, "");
}

auto Bitcode::structure(const std::string& name) const -> LLVMTypeRef {
  for (const char* const kind : {"struct.", "class."}) {
    if (const LLVMTypeRef type = LLVMGetTypeByName2(context_, (kind + name).c_str()); type != nullptr) return type;
  }
  return nullptr;
}

auto name_of(LLVMValueRef value) -> std::string {
  std::size_t length = 0;
  const char* const text = LLVMGetValueName2(value, &length);
  return std::string{text, length};
}

auto text_of(LLVMValueRef value) -> std::string { return taken(LLVMPrintValueToString(value)); }

auto bits_of_type(LLVMTypeRef type) -> unsigned {
  switch (LLVMGetTypeKind(type)) {
    case LLVMIntegerTypeKind: return LLVMGetIntTypeWidth(type);
    case LLVMPointerTypeKind: return 64;
    default: return 0;
  }
}

}  // namespace redoubt::prover
