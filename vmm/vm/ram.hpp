// SPDX-License-Identifier: Apache-2.0
// The anonymous mapping that is a guest's RAM.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace redoubt::vmm {

// Zeroed, 2 MiB aligned so that KVM can map it with blocks, backed with huge pages where the host has them, not
// inherited by children, not in core dumps. Throws Failure when the host cannot give that much.
class Ram {
 public:
  explicit Ram(std::uint64_t bytes);
  Ram(const Ram&) = delete;
  auto operator=(const Ram&) -> Ram& = delete;
  ~Ram();
  [[nodiscard]] auto bytes() const noexcept -> std::span<std::byte> { return bytes_; }

 private:
  std::span<std::byte> bytes_;
};

// The memory of protected guests stays locked in host RAM and is charged to RLIMIT_MEMLOCK. Throws Failure naming
// the limit and the cure, before a VM exists. A process that may lock without limit (CAP_IPC_LOCK) passes.
void check_locked_memory_limit(std::uint64_t bytes);

}  // namespace redoubt::vmm
