// SPDX-License-Identifier: Apache-2.0
#include "vmm/boards/arm64/gic.hpp"

#include "vmm/boards/arm64/layout.hpp"

namespace redoubt::vmm::arm64 {

Gic::Gic(KvmVm& vm) : device_(vm.create_device(KVM_DEV_TYPE_ARM_VGIC_V3)) {
  const std::uint64_t dist = kGicDist.value();
  const std::uint64_t redist = kGicRedist.value();
  set_device_attr(device_.get(), KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, &dist,
                  "placing the interrupt distributor");
  set_device_attr(device_.get(), KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, &redist,
                  "placing the interrupt redistributors");
}

void Gic::initialise() {
  const std::uint32_t count = kNrIrqs;
  set_device_attr(device_.get(), KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, &count, "setting the number of interrupts");
  set_device_attr(device_.get(), KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, nullptr,
                  "initialising the interrupt controller");
}

}  // namespace redoubt::vmm::arm64
