// SPDX-License-Identifier: Apache-2.0
// The two sides of a console: the device the guest sees, and the terminal or file of the user.
#pragma once

#include <cstddef>
#include <span>

namespace redoubt::vmm {

// The user's side. Safe from any thread; never blocks.
class ConsoleBackend {
 public:
  virtual ~ConsoleBackend() = default;
  // Takes as many bytes as fit. After it took fewer than offered, output_drained() of the device follows.
  [[nodiscard]] virtual auto write(std::span<const std::byte> bytes) -> std::size_t = 0;
  // Bytes that write() would take now.
  [[nodiscard]] virtual auto room() -> std::size_t = 0;
  // The device can take input again, after a receive() that took less than offered.
  virtual void input_wanted() = 0;
};

// The guest's side. Called on the event loop's thread.
class ConsoleDevice {
 public:
  virtual ~ConsoleDevice() = default;
  // How many of the bytes were taken.
  [[nodiscard]] virtual auto receive(std::span<const std::byte> bytes) -> std::size_t = 0;
  virtual void output_drained() = 0;
};

}  // namespace redoubt::vmm
