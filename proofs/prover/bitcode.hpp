// SPDX-License-Identifier: Apache-2.0
// A module of bitcode, and the few questions about LLVM's types that the executor asks.
#pragma once

#include <llvm-c/Core.h>
#include <llvm-c/Target.h>

#include <cstdint>
#include <string>
#include <vector>

namespace redoubt::prover {

class Bitcode {
 public:
  // A file of bitcode, or assembly in memory (for tests). Throws std::runtime_error with LLVM's words.
  [[nodiscard]] static auto load(const std::string& path) -> Bitcode;
  [[nodiscard]] static auto parse(const std::string& text) -> Bitcode;
  Bitcode(Bitcode&& other) noexcept;
  Bitcode(const Bitcode&) = delete;
  auto operator=(const Bitcode&) -> Bitcode& = delete;
  auto operator=(Bitcode&&) -> Bitcode& = delete;
  ~Bitcode();

  // The function with a body whose mangled name begins so; null if there is none or more than one.
  [[nodiscard]] auto function(const std::string& prefix) const -> LLVMValueRef;
  // The text of a function and all it calls, without debug information and the numbers of metadata.
  [[nodiscard]] auto reachable_text(LLVMValueRef function) const -> std::string;
  // The structure type of that name, without "struct." or "class."; null if there is none.
  [[nodiscard]] auto structure(const std::string& name) const -> LLVMTypeRef;
  [[nodiscard]] auto layout() const -> LLVMTargetDataRef { return LLVMGetModuleDataLayout(module_); }
  [[nodiscard]] auto bytes_of(LLVMTypeRef type) const -> std::uint64_t { return LLVMABISizeOfType(layout(), type); }
  [[nodiscard]] auto offset_of(LLVMTypeRef structure, unsigned element) const -> std::uint64_t {
    return LLVMOffsetOfElement(layout(), structure, element);
  }

 private:
  Bitcode(LLVMContextRef context, LLVMMemoryBufferRef buffer);
  LLVMContextRef context_ = nullptr;
  LLVMModuleRef module_ = nullptr;
};

[[nodiscard]] auto name_of(LLVMValueRef value) -> std::string;
[[nodiscard]] auto text_of(LLVMValueRef value) -> std::string;
[[nodiscard]] auto bits_of_type(LLVMTypeRef type) -> unsigned;  // 64 for a pointer, 0 for an aggregate

}  // namespace redoubt::prover
