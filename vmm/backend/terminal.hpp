// SPDX-License-Identifier: Apache-2.0
// The user's terminal in raw mode, for as long as the object lives.
#pragma once

#include <termios.h>

namespace redoubt::vmm {

class RawTerminal {
 public:
  // Does nothing if fd is not a terminal.
  explicit RawTerminal(int fd);
  RawTerminal(const RawTerminal&) = delete;
  auto operator=(const RawTerminal&) -> RawTerminal& = delete;
  ~RawTerminal();
  [[nodiscard]] auto active() const noexcept -> bool { return active_; }
  // After the process was stopped and continued.
  void enter() const;
  void restore() const;

 private:
  int fd_;
  termios saved_{};  // before active_, whose initialiser fills it
  bool active_;
};

}  // namespace redoubt::vmm
