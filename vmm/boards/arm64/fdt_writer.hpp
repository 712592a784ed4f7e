// SPDX-License-Identifier: Apache-2.0
// libfdt's sequential writer with checks, and nodes that close themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

namespace redoubt::vmm::arm64 {

// Cells and quads are written big-endian. Throws Failure when the tree outgrows max_bytes.
class FdtWriter {
 public:
  // Ends its node when it goes out of scope.
  class Node {
   public:
    Node(FdtWriter& writer, const std::string& name);
    Node(const Node&) = delete;
    auto operator=(const Node&) -> Node& = delete;
    ~Node();

   private:
    FdtWriter& writer_;
  };

  explicit FdtWriter(std::size_t max_bytes);
  void flag(const char* name);
  void cells(const char* name, std::initializer_list<std::uint32_t> values);
  void quads(const char* name, std::initializer_list<std::uint64_t> values);
  void text(const char* name, const std::string& value);
  void texts(const char* name, std::initializer_list<const char*> values);
  void bytes(const char* name, std::span<const std::byte> value);
  // After the root node was closed. The writer is spent.
  [[nodiscard]] auto finish() -> std::vector<std::byte>;

 private:
  void check(int error);
  std::vector<std::byte> buffer_;
  int error_ = 0;  // the first one; reported by finish(), because a Node's destructor must not throw
};

}  // namespace redoubt::vmm::arm64
