// SPDX-License-Identifier: Apache-2.0
// Test program for the host: what /dev/kvm answers to requests it does not know or must refuse.
// One line per wrong answer; exit code 0 if there was none.
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace {

int wrong = 0;

template <typename Argument>
void expect(int fd, unsigned long request, Argument argument, int error, const char* what) {
  errno = 0;
  const int answer = ::ioctl(fd, request, argument);
  const bool good = error == 0 ? answer == 0 : answer == -1 && errno == error;
  if (good) return;
  std::printf("kvm_errors %s: answered %d (%s), expected %s\n", what, answer, std::strerror(errno),
              std::strerror(error));
  ++wrong;
}

// Present, but not possible on arm64 or in this version.
void unknown_requests(int kvm, int vm, int vcpu) {
  const unsigned long nonsense = _IO(KVMIO, 0xfe);
  expect(kvm, nonsense, 0L, ENOTTY, "unknown request to /dev/kvm");
  expect(vm, nonsense, 0L, ENOTTY, "unknown request to a VM");
  expect(vcpu, nonsense, 0L, ENOTTY, "unknown request to a vCPU");
  expect(vm, KVM_CREATE_PIT, 0L, ENOTTY, "KVM_CREATE_PIT");
  expect(kvm, KVM_CHECK_EXTENSION, 0x7fff'ffffL, 0, "an unknown capability");
  expect(vm, KVM_CHECK_EXTENSION, 0x7fff'ffffL, 0, "an unknown capability of a VM");
}

void wrong_arguments(int kvm, int vm, int vcpu) {
  expect(kvm, KVM_CREATE_VM, 0x4000'0000L, EINVAL, "KVM_CREATE_VM of an unknown type");
  expect(kvm, KVM_CREATE_VM, 60L, EINVAL, "KVM_CREATE_VM with 60 address bits");
  expect(vm, KVM_CREATE_VCPU, 0L, EEXIST, "the same vCPU again");
  expect(vm, KVM_CREATE_VCPU, 4096L, EINVAL, "vCPU 4096");
  kvm_userspace_memory_region region{
      .slot = 0, .flags = 0, .guest_phys_addr = 0x4000'0001, .memory_size = 0x1000, .userspace_addr = 0};
  expect(vm, KVM_SET_USER_MEMORY_REGION, &region, EINVAL, "a memory slot that is not page aligned");
  region = {
      .slot = 0, .flags = 1u << 30, .guest_phys_addr = 0x4000'0000, .memory_size = 0x1000, .userspace_addr = 0x10000};
  expect(vm, KVM_SET_USER_MEMORY_REGION, &region, EINVAL, "a memory slot with unknown flags");
  kvm_create_device device{.type = 0x7777, .fd = 0, .flags = 0};
  expect(vm, KVM_CREATE_DEVICE, &device, ENODEV, "an unknown device");
  std::uint64_t value = 0;
  kvm_one_reg nowhere{.id = 0x6030'0000'0013'ffff, .addr = reinterpret_cast<std::uintptr_t>(&value)};
  expect(vcpu, KVM_GET_ONE_REG, &nowhere, ENOEXEC, "a register before KVM_ARM_VCPU_INIT");
  expect(vcpu, KVM_RUN, 0L, ENOEXEC, "KVM_RUN before KVM_ARM_VCPU_INIT");
}

}  // namespace

int main() {
  const int kvm = ::open("/dev/kvm", O_RDWR | O_CLOEXEC);
  const int vm = ::ioctl(kvm, KVM_CREATE_VM, 0L);
  const int vcpu = ::ioctl(vm, KVM_CREATE_VCPU, 0L);
  if (kvm < 0 || vm < 0 || vcpu < 0) {
    std::perror("kvm_errors: cannot make a VM");
    return 2;
  }
  unknown_requests(kvm, vm, vcpu);
  wrong_arguments(kvm, vm, vcpu);
  return wrong == 0 ? 0 : 1;
}
