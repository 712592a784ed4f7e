// SPDX-License-Identifier: Apache-2.0
// What stores a virtual disk.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace redoubt::vmm {

inline constexpr std::uint64_t kSectorBytes = 512;

enum class BlockStatus {
  kOk,
  kError,        // the storage failed, or ended before the request
  kUnsupported,  // this storage cannot do it
  kBadMemory,    // EFAULT: the guest memory in the vectors cannot be accessed
};

// Offsets and lengths are in bytes, multiples of 512 and inside size(): the device checks. One call at a time.
class BlockBackend {
 public:
  virtual ~BlockBackend() = default;
  [[nodiscard]] virtual auto size() const -> std::uint64_t = 0;
  [[nodiscard]] virtual auto read_only() const -> bool = 0;
  // What the guest sees as serial number, at most 20 bytes.
  [[nodiscard]] virtual auto id() const -> const std::string& = 0;
  // Fill or store all the vectors, which the call may change.
  [[nodiscard]] virtual auto read(std::span<iovec> to, std::uint64_t offset) -> BlockStatus = 0;
  [[nodiscard]] virtual auto write(std::span<iovec> from, std::uint64_t offset) -> BlockStatus = 0;
  [[nodiscard]] virtual auto flush() -> BlockStatus = 0;
  // The guest no longer needs the content.
  [[nodiscard]] virtual auto discard(std::uint64_t offset, std::uint64_t length) -> BlockStatus = 0;
  // Afterwards it reads as zeros.
  [[nodiscard]] virtual auto write_zeroes(std::uint64_t offset, std::uint64_t length) -> BlockStatus = 0;
};

}  // namespace redoubt::vmm
