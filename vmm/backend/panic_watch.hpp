// SPDX-License-Identifier: Apache-2.0
// Tells a guest kernel's panic from a reboot: both are the same PSCI call, only the console says which it was.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace redoubt::vmm {

// Not thread-safe.
class PanicWatch {
 public:
  // The next bytes of the guest's console, in any pieces.
  void feed(std::span<const std::byte> bytes);
  // The reason that Linux gave for its first panic. The guest chose it: printable ASCII of a bounded length, no more.
  [[nodiscard]] auto reason() const -> std::optional<std::string>;

 private:
  void feed(char byte);

  std::size_t matched_ = 0;  // characters of the marker seen so far
  bool ended_ = false;       // the line of the reason is complete
  std::string reason_;
};

}  // namespace redoubt::vmm
