// SPDX-License-Identifier: Apache-2.0
// A file the guest is booted from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "vmm/vm/unique_fd.hpp"

namespace redoubt::vmm {

// A regular, non-empty file, opened for reading. Errors are Failures that name `role` ("kernel", "initrd") and path.
class InputFile {
 public:
  InputFile(std::string role, const std::string& path);
  [[nodiscard]] auto size() const noexcept -> std::uint64_t { return size_; }
  // Fills `to` from `offset`; Failure if the file ends before (it shrank while we read it).
  void read(std::uint64_t offset, std::span<std::byte> to) const;

 private:
  std::string name_;
  UniqueFd fd_;
  std::uint64_t size_ = 0;
};

}  // namespace redoubt::vmm
