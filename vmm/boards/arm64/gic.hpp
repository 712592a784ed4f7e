// SPDX-License-Identifier: Apache-2.0
// The in-kernel GICv3.
#pragma once

#include "vmm/vm/kvm.hpp"
#include "vmm/vm/unique_fd.hpp"

namespace redoubt::vmm::arm64 {

class Gic {
 public:
  // Creates it and fixes its addresses; before any vCPU exists.
  explicit Gic(KvmVm& vm);
  // After all vCPUs exist, before irqfds are made and before any runs.
  void initialise();

 private:
  UniqueFd device_;
};

}  // namespace redoubt::vmm::arm64
