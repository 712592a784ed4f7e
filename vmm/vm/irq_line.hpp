// SPDX-License-Identifier: Apache-2.0
// The one thing a device knows about interrupts.
#pragma once

namespace redoubt::vmm {

// Safe from any thread. A line is used either as a level or as an edge, as the device tree says.
class IrqLine {
 public:
  virtual ~IrqLine() = default;
  virtual void set_level(bool high) = 0;
  virtual void pulse() = 0;
};

}  // namespace redoubt::vmm
