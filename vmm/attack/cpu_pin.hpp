// SPDX-License-Identifier: Apache-2.0
// Keeps the calling thread on one CPU for as long as the object lives.
#pragma once

#include <sched.h>

namespace redoubt::vmm::attack {

class CpuPin {
 public:
  explicit CpuPin(unsigned cpu) {
    ::sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(cpu, &only);
    held_ = ::sched_setaffinity(0, sizeof only, &only) == 0;
  }
  CpuPin(const CpuPin&) = delete;
  auto operator=(const CpuPin&) -> CpuPin& = delete;
  ~CpuPin() { ::sched_setaffinity(0, sizeof before_, &before_); }
  // Whether there is such a CPU.
  [[nodiscard]] auto held() const -> bool { return held_; }

 private:
  cpu_set_t before_;
  bool held_;
};

}  // namespace redoubt::vmm::attack
