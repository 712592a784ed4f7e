// SPDX-License-Identifier: Apache-2.0
// A virtual disk in a raw file or on a block device. The format is never guessed from its content: what the guest
// writes to its disk must not change how the host reads it.
#pragma once

#include <cstdint>
#include <string>

#include "vmm/backend/block_backend.hpp"
#include "vmm/vm/config.hpp"
#include "vmm/vm/unique_fd.hpp"

namespace redoubt::vmm {

class DiskFile final : public BlockBackend {
 public:
  // Takes a lock for as long as it lives: one writer or many readers. Throws Failure if the file cannot be opened, is no
  // disk, or another VM has it.
  explicit DiskFile(const DiskConfig& config);

  [[nodiscard]] auto size() const -> std::uint64_t override { return size_; }
  [[nodiscard]] auto read_only() const -> bool override { return read_only_; }
  [[nodiscard]] auto id() const -> const std::string& override { return id_; }
  [[nodiscard]] auto read(std::span<iovec> to, std::uint64_t offset) -> BlockStatus override;
  [[nodiscard]] auto write(std::span<iovec> from, std::uint64_t offset) -> BlockStatus override;
  [[nodiscard]] auto flush() -> BlockStatus override;
  [[nodiscard]] auto discard(std::uint64_t offset, std::uint64_t length) -> BlockStatus override;
  [[nodiscard]] auto write_zeroes(std::uint64_t offset, std::uint64_t length) -> BlockStatus override;

 private:
  void lock(const std::string& path) const;

  bool read_only_;
  std::string id_;
  UniqueFd fd_;
  std::uint64_t size_ = 0;  // at start, whole sectors; the guest never learns of later changes
};

}  // namespace redoubt::vmm
