// SPDX-License-Identifier: Apache-2.0
#include "vmm/backend/terminal.hpp"

#include <unistd.h>

namespace redoubt::vmm {

RawTerminal::RawTerminal(int fd) : fd_(fd), active_(::isatty(fd) == 1 && ::tcgetattr(fd, &saved_) == 0) { enter(); }

RawTerminal::~RawTerminal() { restore(); }

void RawTerminal::enter() const {
  if (!active_) return;
  termios raw = saved_;
  ::cfmakeraw(&raw);
  // The guest sends CR LF itself, but our own messages do not.
  raw.c_oflag |= OPOST | ONLCR;
  ::tcsetattr(fd_, TCSADRAIN, &raw);
}

void RawTerminal::restore() const {
  if (active_) ::tcsetattr(fd_, TCSADRAIN, &saved_);
}

}  // namespace redoubt::vmm
