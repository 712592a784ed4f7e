// SPDX-License-Identifier: Apache-2.0
// /dev/kvm and the VM made from it: the ioctls that are the same on every architecture.
// Works on any KVM; nothing here knows which one it talks to.
#pragma once

#include <linux/kvm.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/addr.hpp"
#include "vmm/vm/unique_fd.hpp"

namespace redoubt::vmm {

// /dev/kvm itself. Throws Failure when it is missing, forbidden or not the API we speak.
class Kvm {
 public:
  Kvm();
  [[nodiscard]] auto fd() const noexcept -> int { return fd_.get(); }
  // KVM_CHECK_EXTENSION: 0 when unknown.
  [[nodiscard]] auto capability(unsigned number) const noexcept -> int;
  // Bytes of the mapping a vCPU's kvm_run needs.
  [[nodiscard]] auto run_bytes() const -> std::size_t;

 private:
  UniqueFd fd_;
};

// One VM. Used by the thread that builds the machine; set_irq() is safe from any thread.
class KvmVm {
 public:
  // type is the argument of KVM_CREATE_VM. Throws Failure(cause).
  KvmVm(const Kvm& kvm, std::uint64_t type);
  [[nodiscard]] auto fd() const noexcept -> int { return fd_.get(); }
  // Asked of the VM, because some answers depend on its type.
  [[nodiscard]] auto capability(unsigned number) const noexcept -> int;
  void set_memory(std::uint32_t slot, Ipa base, std::span<std::byte> memory);
  [[nodiscard]] auto create_device(std::uint32_t type) -> UniqueFd;
  [[nodiscard]] auto create_vcpu(unsigned index) -> UniqueFd;

 private:
  UniqueFd fd_;
};

// KVM_SET_DEVICE_ATTR; `what` names the step in the error message.
void set_device_attr(int fd, std::uint32_t group, std::uint64_t attr, const void* value, const char* what);

}  // namespace redoubt::vmm
